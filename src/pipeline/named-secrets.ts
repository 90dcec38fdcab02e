import { configError } from '../core/errors.ts';
import { isSecretName } from '../values/secret.ts';
import { isName, isPunctuator, type Token } from './tokens.ts';

export interface NamedSecrets {
  /** The exports that the pipeline file gets instead of the real ones. */
  millrace: object;
  /**
   * Call it when the file has been loaded. Returns the names of its secrets, including those that its code uses only
   * later. After that no other secret can be named.
   */
  close: (tokens: readonly Token[]) => string[];
}

/**
 * Finds out which secrets a pipeline names, so that they can be checked before anything runs, and kept out of the log.
 * `onSecret` is called as soon as a name is known.
 */
export function noteSecrets(millrace: object, onSecret: (name: string) => void): NamedSecrets {
  const { secret } = millrace as { secret?: (name: string) => unknown };
  if (secret === undefined) return { millrace, close: () => [] };
  const names = new Set<string>();
  let isClosed = false;
  const note = (name: string): void => {
    if (names.has(name)) return;
    names.add(name);
    onSecret(name);
  };
  return {
    millrace: {
      ...millrace,
      secret: (name: string) => {
        const made = secret(name);
        if (isClosed && !names.has(name)) throw tooLate(name);
        note(name);
        return made;
      },
    },
    close: (tokens) => {
      for (const name of namesIn(tokens)) note(name);
      isClosed = true;
      return [...names].toSorted();
    },
  };
}

function tooLate(name: string): Error {
  return configError(
    'SECRET',
    `secret('${name}') was first named while the pipeline was already running. Name it at the top level of the pipeline file, ` +
      `const key = secret('${name}'), so that it is checked at the start and kept out of the log; use key.value() where it is needed`,
  );
}

/** The names in `secret('NAME')`, if the file imports `secret` from this package. */
function namesIn(tokens: readonly Token[]): string[] {
  if (!importsSecret(tokens)) return [];
  return tokens.flatMap((_, i) => {
    const isCall =
      isName(tokens, i, 'secret') && isPunctuator(tokens, i + 1, '(') && isPunctuator(tokens, i + 3, ')', ',');
    const name = tokens[i + 2];
    return isCall && !isPunctuator(tokens, i - 1, '.') && name?.type === 'string' && isSecretName(name.value)
      ? [name.value]
      : [];
  });
}

function importsSecret(tokens: readonly Token[]): boolean {
  return tokens.some((token, i) => {
    if (token.type !== 'string' || token.value !== 'millrace') return false;
    for (let j = i - 1; j >= 0 && !isName(tokens, j, 'import', 'const') && !isPunctuator(tokens, j, ';'); j--) {
      if (isName(tokens, j, 'secret')) return true;
    }
    return false;
  });
}
