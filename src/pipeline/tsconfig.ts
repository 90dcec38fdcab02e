import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A `tsconfig.json` that may say where imports are found. */
export interface Tsconfig {
  path: string;
  /** Whether an import may be found by one of its own `paths`. Those that it extends another file for are not seen. */
  isAlias: (specifier: string) => boolean;
}

/** The nearest one in the folder of `file` or above it; undefined if that says nothing of imports, or there is none. */
export function tsconfigOf(file: string): Tsconfig | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, 'tsconfig.json');
    const text = read(path);
    if (text !== undefined) return /"(paths|extends)"\s*:/.test(text) ? { path, isAlias: aliasesIn(text) } : undefined;
    if (folder === dirname(folder)) return undefined;
  }
}

/** By its text: it is JSON with comments, and only what begins like one of its `paths` is looked for. */
function aliasesIn(text: string): (specifier: string) => boolean {
  const [, paths = ''] = /"paths"\s*:\s*\{([^}]*)/.exec(text) ?? [];
  const prefixes = [...paths.matchAll(/"([^"*]*)(\*?)[^"]*"\s*:/g)].map(([, prefix, star]) => ({
    prefix: prefix!,
    star,
  }));
  return (specifier) =>
    prefixes.some(({ prefix, star }) => (star ? specifier.startsWith(prefix) : specifier === prefix));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
