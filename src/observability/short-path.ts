import { isAbsolute, relative } from 'node:path';

/** `path` relative to `folder` if it is below it, otherwise unchanged. */
export function shortPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
}
