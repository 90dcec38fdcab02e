import { createHash } from 'node:crypto';
import { dirname, relative } from 'node:path';
import { readText } from '../core/read-text.ts';

/** Finds the file that the module `specifier` is for the file `from`; undefined if there is none. */
export type Resolve = (specifier: string, from: string) => string | undefined;

// With more files than this, each start would read a whole project and not just a pipeline.
const maxFiles = 1000;

/**
 * Identifies a version of a pipeline: a SHA-256 of its file and of all files that it imports, directly or indirectly,
 * by a relative path or by the `paths` of its tsconfig.json. The location of the directory does not matter. Packages
 * are left out: they have versions of their own.
 */
export function fingerprintOf(
  file: string,
  text: string,
  resolve: Resolve,
  isAlias: (specifier: string) => boolean = () => false,
): string {
  const found = new Map([[file, text]]);
  // A Map's iterator also visits entries that are added while it runs.
  for (const [importer, code] of found) {
    if (!/\.[cm]?[jt]sx?$/.test(importer)) continue;
    for (const specifier of ownImports(code, isAlias)) {
      const imported = resolve(specifier, importer);
      if (
        imported === undefined ||
        (imported.includes('/node_modules/') && isAlias(specifier)) ||
        found.has(imported) ||
        found.size >= maxFiles
      )
        continue;
      // An import that may fail, and does fail, is not part of the pipeline.
      const content = readText(imported);
      if (content !== undefined) found.set(imported, content);
    }
  }
  const directory = dirname(file);
  const others = [...found].slice(1).map(([path, content]) => `${relative(directory, path)} ${digest(content)}`);
  return digest([digest(text), ...others.toSorted()].join('\n'));
}

// An import in a comment counts as well. That does no harm: a change of it is a change of the file.
const anyImport = /\b(?:from|import|require)\s*\(?\s*(['"])([^'"\n]+)\1/g;

function ownImports(code: string, isAlias: (specifier: string) => boolean): string[] {
  const specifiers = [...code.matchAll(anyImport)].map(([, , specifier]) => specifier!);
  return specifiers.filter((specifier) => /^\.{1,2}\/./.test(specifier) || isAlias(specifier));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
