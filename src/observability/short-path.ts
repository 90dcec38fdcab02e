import { isAbsolute, relative } from 'node:path';

/** `path` relative to `directory` if it is below it, otherwise unchanged. */
export function shortPath(path: string, directory: string): string {
  const short = relative(directory, path);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
}
