import { inspect } from 'node:util';
import { readFileSync } from 'node:fs';
import { configError, type MillraceError } from '../core/errors.ts';
import { show } from '../core/show.ts';
import { findSecret, type FoundSecret, whereItLooked } from './find-secret.ts';

/** Marks secrets, across copies of the package. */
export const secretMark = Symbol.for('millrace.secret');

/** A secret that a pipeline names. Its value is read in the process that needs it, and is never stored or logged. */
export interface Secret {
  readonly [secretMark]: string;
  /**
   * The value, for code that passes it to a library. Throws if there is none. The value is removed from the log and
   * from errors wherever it appears.
   */
  readonly value: () => string;
}

/**
 * Names a secret. Its value is that of the environment variable `name`, or the content of the file that the variable
 * `NAME_FILE` names, or the content of `$CREDENTIALS_DIRECTORY/name` (systemd). A secret that is missing or empty is
 * refused at the start (exit code 78). Name secrets at the top level of the pipeline file.
 */
export function secret(name: string): Secret {
  if (!isSecretName(name)) {
    throw new TypeError(
      `secret() expects a name of letters, digits, "_", "-" and ".", such as API_TOKEN, got ${show(name)}`,
    );
  }
  return new NamedSecret(name);
}

/** Whether `value` was made by `secret`, of this copy of the package or of another one. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && secretMark in value;
}

export function isSecretName(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Za-z_][\w.-]{0,127}$/.test(name);
}

/** The errors for secrets without a value: one line for each. */
export function missingSecrets(lines: readonly string[]): MillraceError {
  return configError('SECRET', lines.join('\n'));
}

class NamedSecret implements Secret {
  readonly [secretMark]: string;
  #value: string | undefined;

  constructor(name: string) {
    this[secretMark] = name;
  }

  readonly value = (): string => {
    if (this.#value !== undefined) return this.#value;
    const name = this[secretMark];
    const found = lookUp(name);
    if (found.status === 'missing') throw missingSecrets([whereItLooked(name, found)]);
    this.#value = found.value;
    return found.value;
  };

  toString(): never {
    throw this.#refusal('text');
  }

  toJSON(): never {
    throw this.#refusal('JSON');
  }

  [Symbol.toPrimitive](): never {
    throw this.#refusal('text');
  }

  [inspect.custom](): string {
    return this.#shown;
  }

  get #shown(): string {
    return `secret('${this[secretMark]}')`;
  }

  #refusal(what: string): TypeError {
    return new TypeError(
      `${this.#shown} was about to become ${what}, where it could be logged or stored. In fields of sources and sinks and in ` +
        `headers, use the tag text: text\`Bearer \${${this.#shown}}\`. In code that passes it to a library: ${this.#shown}.value()`,
    );
  }
}

/** The value of the secret `name` in this process, if there is one. Used to hide it. */
export function secretValue(name: string): string | undefined {
  const found = lookUp(name);
  return found.status === 'found' ? found.value : undefined;
}

function lookUp(name: string): FoundSecret {
  // oxlint-disable-next-line node/no-process-env -- a secret is read in the process that needs it, also in a user's own test
  return findSecret(name, { environment: process.env, readFile: (path) => readFileSync(path, 'utf8') });
}
