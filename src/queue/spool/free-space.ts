import { statfsSync } from 'node:fs';
import type { FreeSpace } from '../free-space.ts';

/** The space that this user can still use on the disk of a directory. Throws as `statfs` does. */
export function freeSpace(directory: string): FreeSpace {
  const { bavail, blocks, bsize } = statfsSync(directory);
  return { free: bavail * bsize, total: blocks * bsize };
}
