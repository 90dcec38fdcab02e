import { isAbsolute, relative } from 'node:path';

/** `path` as seen from `folder` if it lies below it, else as it is. */
export function shortPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
}
