import type { ErrorData } from './errors.ts';
import { SecretNames } from './secret-names.ts';

const hidden = '[redacted]';

// The bounds keep each search linear in the length of the text, whoever wrote it.
const parameter = /([?&][\w.-]{0,40}(?:pass|secret|token|key|signature|credential)[\w.-]{0,40}=)[^&\s#"']+/gi;
const named =
  /\b([\w-]{0,40}(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authorization|credentials?)["']?\s{0,3}[:=]\s{0,3})(?!\[redacted\])(?:(?:bearer|basic|token)\s{1,3})?(?:"[^"]*"|'[^']*'|[^\s"',;&}]+)/gi;
const cookies = /\b((?:set-)?cookie["']?\s{0,3}[:=]\s{0,3})[^\n]+/gi;
const bearer = /\b(bearer\s{1,3})(?=[\w.~+/-]{0,400}[\d._=])[\w.~+/=-]{8,}/gi;
const userInfo = /[^\s/?#"'<>]*@/y;

/**
 * Takes secrets out of what is shown and stored: the user and password of a URL, the parameters of one, and what follows
 * a name such as `password`, `token` or `authorization`, or one that was given as secret (the option `redact`). A text of
 * the user's own making can still hold a secret: only what usually is one can be recognised.
 *
 * There is one for each service, each child process and each command, and every part that shows or stores something gets
 * it: two services in one program may hide different things.
 */
export class Redaction {
  readonly #names = new SecretNames();

  /** From now on the values of these names are hidden as well. Case, `-`, `_` and spaces in a name do not matter. */
  hideNames(names: readonly string[]): void {
    this.#names.add(names);
  }

  /** Whether `value` must be hidden because of its name. */
  isSecret(name: string, value: unknown): boolean {
    return this.#names.hide(name, value);
  }

  /** `text` without the secrets that can be recognised in it. */
  text(text: string): string {
    const bare = text.includes('://') ? withoutUserInfo(text) : text;
    return this.#names
      .replaceIn(bare, hidden)
      .replace(parameter, `$1${hidden}`)
      .replace(cookies, `$1${hidden}`)
      .replace(named, `$1${hidden}`)
      .replace(bearer, `$1${hidden}`);
  }

  /** The same with all texts of an error. */
  error(error: ErrorData): ErrorData {
    const { message, stack, cause } = error;
    return {
      ...error,
      message: this.text(message),
      ...(stack !== undefined && { stack: this.text(stack) }),
      ...(cause && { cause: this.error(cause) }),
    };
  }
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
