import { statfsSync } from 'node:fs';

/** The space of the disk that a directory is on, in bytes. */
export interface FreeSpace {
  free: number;
  total: number;
}

/** The space that this user can still use there. Throws as `statfs` does. */
export function freeSpace(directory: string): FreeSpace {
  const { bavail, blocks, bsize } = statfsSync(directory);
  return { free: bavail * bsize, total: blocks * bsize };
}

const usualFloor = 256 * 1024 * 1024;
const usualShare = 1 / 20;

/**
 * How much of a disk of `total` bytes must stay free: the requested amount, otherwise 256 MiB, or a twentieth of the
 * disk if that is less, so that small disks can be used as well.
 */
export function floorOf(asked: number | null, total: number): number {
  return asked ?? Math.min(usualFloor, total * usualShare);
}
