import type { ErrorData } from './errors.ts';
import { SecretNames } from './secret-names.ts';
import { SecretValues } from './secret-values.ts';

const hidden = '[redacted]';
/** Causes may go in a circle. */
const mostCauses = 10;

// The bounds keep each search linear in the length of the text, which may come from anywhere.
const parameter = /([?&][\w.-]{0,40}(?:pass|secret|token|key|signature|credential)[\w.-]{0,40}=)[^&\s#"']+/gi;
const named =
  /\b([\w-]{0,40}(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authorization|credentials?)["']?\s{0,3}[:=]\s{0,3})(?!\[redacted\])(?:(?:bearer|basic|token)\s{1,3})?(?:"[^"]*"|'[^']*'|[^\s"',;&}]+)/gi;
const cookies = /\b((?:set-)?cookie["']?\s{0,3}[:=]\s{0,3})[^\n]+/gi;
const bearer = /\b(bearer\s{1,3})(?=[\w.~+/-]{0,400}[\d._=])[\w.~+/=-]{8,}/gi;
const userInfo = /[^\s/?#"'<>]*@/y;

/**
 * Removes secrets from texts that are shown or stored: the values of the secrets that the pipeline names, user and password
 * of a URL, its parameters, and the value after a name such as `password`, `token` or `authorization`, or after a name that
 * was declared secret (the option `redact`). A text that the user made can still hold a secret that the pipeline does not
 * name: only values that usually are secrets can be recognized.
 *
 * Each service, each child process and each command has its own, and passes it to every part that shows or stores
 * something: two services in one program may hide different things.
 */
export class Redaction {
  readonly #names = new SecretNames();
  readonly #values = new SecretValues();

  /** Hides the values of these names as well from now on. Case, `-`, `_` and spaces in a name do not matter. */
  hideNames(names: readonly string[]): void {
    this.#names.add(names);
  }

  /** From now on these values are hidden wherever they appear, also percent-encoded and in base64. */
  hideValues(values: readonly string[]): void {
    this.#values.add(values);
  }

  /** Whether `value` must be hidden because of its name. */
  isSecret(name: string, value: unknown): boolean {
    return this.#names.hide(name, value);
  }

  /** `text` without the secrets that can be recognized in it. */
  text(text: string): string {
    const known = this.#values.replaceIn(text, hidden);
    const bare = known.includes('://') ? withoutUserInfo(known) : known;
    return this.#names
      .replaceIn(bare, hidden)
      .replace(parameter, `$1${hidden}`)
      .replace(cookies, `$1${hidden}`)
      .replace(named, `$1${hidden}`)
      .replace(bearer, `$1${hidden}`);
  }

  /** The same for all texts of an error. */
  error(error: ErrorData): ErrorData {
    const { message, stack, cause } = error;
    return {
      ...error,
      message: this.text(message),
      ...(stack !== undefined && { stack: this.text(stack) }),
      ...(cause && { cause: this.error(cause) }),
    };
  }

  /** Removes them from an error that was thrown, and from its causes. */
  clean(error: unknown): void {
    for (let each = error, depth = 0; each instanceof Error && depth < mostCauses; each = each.cause, depth++) {
      // Not by assignment: the message of some errors cannot be changed.
      Reflect.set(each, 'message', this.text(each.message));
      if (each.stack !== undefined) Reflect.set(each, 'stack', this.text(each.stack));
    }
  }
}

/**
 * `https://user:password@host` → `https://***@host`. Without a regular expression, which would be quadratic in a long
 * text.
 */
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
