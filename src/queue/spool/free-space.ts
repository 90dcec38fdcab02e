import { statfsSync } from 'node:fs';

/** Of the disk that a folder is on, in bytes. */
export interface FreeSpace {
  free: number;
  total: number;
}

/** What this user may still write there. Throws as `statfs` does. */
export function freeSpace(folder: string): FreeSpace {
  const { bavail, blocks, bsize } = statfsSync(folder);
  return { free: bavail * bsize, total: blocks * bsize };
}

const usualFloor = 256 * 1024 * 1024;
const usualShare = 1 / 20;

/**
 * How much of a disk of `total` bytes is to stay free: what was asked for, else 256 MiB, or a twentieth of it if that is
 * less, so that a small one can be used as well.
 */
export function floorOf(asked: number | null, total: number): number {
  return asked ?? Math.min(usualFloor, total * usualShare);
}
