/**
 * Texts without what looks like a secret: the user and password of a URL, the parameters of one, and what stands behind
 * a name such as `password`, `token` or `authorization`, or one that was given as secret (secret-names.ts). Text of a
 * user's own making can still hold one: nothing here knows what is secret, only what usually is.
 */
import type { ErrorData } from './errors.ts';
import { replaceNamed } from './secret-names.ts';

const hidden = '[redacted]';

// The bounds keep each search linear in the length of the text, whoever wrote it.
const parameter = /([?&][\w.-]{0,40}(?:pass|secret|token|key|signature|credential)[\w.-]{0,40}=)[^&\s#"']+/gi;
const named =
  /\b([\w-]{0,40}(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authorization|credentials?)["']?\s{0,3}[:=]\s{0,3})(?!\[redacted\])(?:(?:bearer|basic|token)\s{1,3})?(?:"[^"]*"|'[^']*'|[^\s"',;&}]+)/gi;
const cookies = /\b((?:set-)?cookie["']?\s{0,3}[:=]\s{0,3})[^\n]+/gi;
const bearer = /\b(bearer\s{1,3})(?=[\w.~+/-]{0,400}[\d._=])[\w.~+/=-]{8,}/gi;
const userInfo = /[^\s/?#"'<>]*@/y;

/** `text` without the secrets that can be recognised in it. */
export function withoutSecrets(text: string): string {
  const bare = text.includes('://') ? withoutUserInfo(text) : text;
  return replaceNamed(bare, hidden)
    .replace(parameter, `$1${hidden}`)
    .replace(cookies, `$1${hidden}`)
    .replace(named, `$1${hidden}`)
    .replace(bearer, `$1${hidden}`);
}

/** The same with all texts of an error. */
export function errorWithoutSecrets(error: ErrorData): ErrorData {
  const { message, stack, cause } = error;
  return {
    ...error,
    message: withoutSecrets(message),
    ...(stack !== undefined && { stack: withoutSecrets(stack) }),
    ...(cause && { cause: errorWithoutSecrets(cause) }),
  };
}

/** `https://user:password@host` → `https://***@host`. By hand: a regular expression would be quadratic in a long text. */
function withoutUserInfo(text: string): string {
  let result = '';
  let done = 0;
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    userInfo.lastIndex = at + 3;
    if (!userInfo.test(text)) continue;
    result += `${text.slice(done, at + 3)}***@`;
    done = userInfo.lastIndex;
  }
  return result + text.slice(done);
}
