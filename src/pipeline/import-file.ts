import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Jiti from 'jiti';
import type { Resolve } from './fingerprint.ts';
import * as port from './port.ts';
import { tsconfigOf } from './tsconfig.ts';

export interface ImportOptions {
  /** Absolute path. */
  file: string;
  /** Its content. */
  text: string;
  /**
   * What `import … from 'millrace'` gives in it, so that the file need not be in a project that has installed the
   * package.
   */
  millrace: object;
  /** Where translated files are kept; undefined if they are not kept. */
  cacheDirectory: string | undefined;
}

/** A file after its top level has run. If `exports` is an object, its `default` is the default export, or `module.exports`. */
export interface Imported {
  exports: unknown;
  resolve: Resolve;
  /** Whether a `tsconfig.json` may map a non-relative import to a file of the same project. */
  isAlias: (specifier: string) => boolean;
}

/**
 * Runs a TypeScript or JavaScript file, ES module or CommonJS, with top-level await, and what it imports. Rejects with what
 * the file throws, or with what jiti says of its syntax and of modules that it does not find.
 */
export async function importFile(options: ImportOptions): Promise<Imported> {
  const cacheDirectory = options.cacheDirectory === undefined ? undefined : made(options.cacheDirectory);
  try {
    return await importWithJiti({ ...options, cacheDirectory });
  } catch (error) {
    if (!isOfCache(error, cacheDirectory)) throw error;
    // The disk is full or no longer writable: no reason to fail.
    return await importWithJiti({ ...options, cacheDirectory: undefined });
  }
}

function made(directory: string): string | undefined {
  try {
    // Its files are executed, so no other user may write to it.
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return directory;
  } catch {
    // Slower, but no reason to fail.
    return undefined;
  }
}

async function importWithJiti({ file, text, millrace, cacheDirectory }: ImportOptions): Promise<Imported> {
  // Loaded by require: import() of the same package takes 30 ms longer, as it first looks for exports in a large file.
  const { createJiti } = createRequire(import.meta.url)('jiti') as typeof Jiti;
  const tsconfig = tsconfigOf(file);
  const virtualModules: Readonly<Record<string, object>> = { millrace, 'millrace/port': port };
  const make = (tsconfigPaths: string | false): Jiti.Jiti =>
    createJiti(file, {
      fsCache: cacheDirectory ?? false,
      virtualModules,
      tsconfigPaths,
    });
  const jiti = orElse(
    () => make(tsconfig?.path ?? false),
    // It cannot be read. A pipeline that does not need it still works.
    () => make(false),
  );
  // Not jiti.import: it passes a native ES module to Node, which knows no virtual modules, and runs it a second time if
  // it throws.
  const exports: unknown = await jiti.evalModule(text, {
    id: file,
    filename: file,
    ext: extname(file),
    async: true,
    forceTranspile: true,
  });
  const resolve: Resolve = (specifier, from) => {
    const found = jiti.esmResolve(specifier, { parentURL: from, try: true });
    return found?.startsWith('file:') ? fileURLToPath(found) : found;
  };
  // A project may map them to files for its type checks. What runs is ours.
  const isAlias = (specifier: string): boolean =>
    !Object.hasOwn(virtualModules, specifier) && (tsconfig?.isAlias(specifier) ?? false);
  return { exports, resolve, isAlias };
}

function orElse<T>(first: () => T, second: () => T): T {
  try {
    return first();
  } catch {
    return second();
  }
}

function isOfCache(error: unknown, cacheDirectory: string | undefined): boolean {
  const path = (error as { path?: unknown } | null | undefined)?.path;
  return cacheDirectory !== undefined && typeof path === 'string' && path.startsWith(cacheDirectory + sep);
}
