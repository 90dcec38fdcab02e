/** The space of the disk that a queue is on, in bytes. */
export interface FreeSpace {
  free: number;
  total: number;
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
