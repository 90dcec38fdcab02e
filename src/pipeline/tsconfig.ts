import { dirname, join } from 'node:path';
import { readText } from '../core/read-text.ts';

/** A `tsconfig.json` that may map imports to files. */
export interface Tsconfig {
  path: string;
  /** Whether one of its own `paths` may match an import. `paths` from a file that it extends are not seen. */
  isAlias: (specifier: string) => boolean;
}

/**
 * The nearest `tsconfig.json` in the directory of `file` or above it; undefined if there is none or it does not concern
 * imports.
 */
export function tsconfigOf(file: string): Tsconfig | undefined {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const path = join(directory, 'tsconfig.json');
    const text = readText(path);
    if (text !== undefined) return /"(paths|extends)"\s*:/.test(text) ? { path, isAlias: aliasesIn(text) } : undefined;
    if (directory === dirname(directory)) return undefined;
  }
}

/**
 * Searches the text and does not parse it: the file is JSON with comments, and only the beginnings of its `paths` are
 * needed.
 */
function aliasesIn(text: string): (specifier: string) => boolean {
  const [, paths = ''] = /"paths"\s*:\s*\{([^}]*)/.exec(text) ?? [];
  const prefixes = [...paths.matchAll(/"([^"*]*)(\*?)[^"]*"\s*:/g)].map(([, prefix, star]) => ({
    prefix: prefix!,
    star,
  }));
  return (specifier) =>
    prefixes.some(({ prefix, star }) => (star ? specifier.startsWith(prefix) : specifier === prefix));
}
