/** Small file systems in memory, where the machine lets us mount any. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Says so if not. */
export function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('this user may not mount anything here: nothing was tried on a disk that is full');
    return false;
  }
}

/** Makes the folder, and mounts one of that size on it. */
export function mountSmall(folder: string, size: string): { resize: (size: string) => void; unmount: () => void } {
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder]);
  return {
    resize: (wanted) => void execFileSync('mount', ['-o', `remount,size=${wanted}`, folder]),
    unmount: () => void execFileSync('umount', ['-l', folder]),
  };
}
