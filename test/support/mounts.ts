/** Small file systems in memory, on machines where this user may mount them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { describeIf } from './describe-if.ts';

/** Describes tests that need `mountSmall`. */
export const describeWithMounts = describeIf(
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0,
  'this user may not mount file systems here: full disks were not tested',
);

/** Creates the directory and mounts a file system of the given size on it. */
export function mountSmall(directory: string, size: string): { resize: (size: string) => void; unmount: () => void } {
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', directory]);
  return {
    resize: (wanted) => void execFileSync('mount', ['-o', `remount,size=${wanted}`, directory]),
    unmount: () => void execFileSync('umount', ['-l', directory]),
  };
}
