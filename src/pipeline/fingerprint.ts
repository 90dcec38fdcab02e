import { createHash } from 'node:crypto';
import { dirname, relative } from 'node:path';
import { readText } from '../core/read-text.ts';

/** Finds the file that the module `specifier` is for the file `from`; undefined if there is none. */
export type Resolve = (specifier: string, from: string) => string | undefined;

// Beyond this it is not a pipeline's files that are read, but all of a project's at every start.
const maxFiles = 1000;

/**
 * Tells one version of a pipeline from another: a SHA-256 of its file and of all files that it imports by a relative path
 * or by the `paths` of its tsconfig.json,
 * and these in turn. Where the directory lies does not count. Packages are left out: they have versions of their own.
 */
export function fingerprintOf(
  file: string,
  text: string,
  resolve: Resolve,
  isAlias: (specifier: string) => boolean = () => false,
): string {
  const found = new Map([[file, text]]);
  // A Map's iterator also visits what is added on the way.
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
      // An import that may fail, and does, is not part of the pipeline.
      const content = readText(imported);
      if (content !== undefined) found.set(imported, content);
    }
  }
  const directory = dirname(file);
  const others = [...found].slice(1).map(([path, content]) => `${relative(directory, path)} ${digest(content)}`);
  return digest([digest(text), ...others.toSorted()].join('\n'));
}

// One in a comment counts, too: that does no harm, and is as good a sign of a change as any.
const anyImport = /\b(?:from|import|require)\s*\(?\s*(['"])([^'"\n]+)\1/g;

function ownImports(code: string, isAlias: (specifier: string) => boolean): string[] {
  const specifiers = [...code.matchAll(anyImport)].map(([, , specifier]) => specifier!);
  return specifiers.filter((specifier) => /^\.{1,2}\/./.test(specifier) || isAlias(specifier));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
