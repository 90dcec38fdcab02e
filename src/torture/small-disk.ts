/**
 * A small disk for the queue, so that it can be filled: a file system in memory, mounted where only the supervisor and its
 * children see it. This needs Linux and the right to create a mount namespace. The disk is gone when its keeper ends.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface SmallDisk {
  /** The words that must precede a program's command so that the program sees the disk. */
  enter: (directory: string) => string[];
  /** The disk's directory, as processes outside see it. */
  readonly directory: string;
  fill: () => void;
  free: () => void;
  /** Removes the disk and everything on it. */
  close: () => Promise<void>;
}

const sizeMiB = 64;

/** Mounts a disk on `directory`, which must exist. Resolves to undefined if the machine does not allow that. */
export async function mountSmallDisk(directory: string): Promise<SmallDisk | undefined> {
  if (process.platform !== 'linux') return undefined;
  const isRoot = process.getuid?.() === 0;
  const namespaces = isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
  // `read` waits for the end of standard input, which comes when we close it or end.
  const script = `mount -t tmpfs -o size=${sizeMiB}m,mode=700 tmpfs "$1" && echo mounted && read -r _`;
  const keeper = spawn('unshare', [...namespaces, 'sh', '-c', script, 'sh', directory], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Only we should get a terminal's Ctrl-C: the disk is needed until the round has ended.
    detached: true,
  });
  const gone = new Promise<void>((resolve) => {
    keeper.once('error', () => resolve());
    keeper.once('exit', () => resolve());
  });
  const isMounted = await Promise.race([once(keeper.stdout, 'data').then(() => true), gone.then(() => false)]);
  if (!isMounted) return undefined;
  const seen = `/proc/${keeper.pid}/root${directory}`;
  const filler = join(seen, 'filler');
  return {
    enter: (wanted) => [
      'nsenter',
      `--target=${keeper.pid}`,
      '--mount',
      ...(isRoot ? [] : ['--user', '--preserve-credentials']),
      `--wd=${wanted}`,
      '--',
    ],
    directory: seen,
    fill: () => fill(filler),
    free: () => rmSync(filler, { force: true }),
    close: async () => {
      keeper.stdin.end();
      await gone;
    },
  };
}

function fill(file: string): void {
  const fd = openSync(file, 'a', 0o600);
  try {
    for (let bytes = 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      const piece = Buffer.alloc(bytes);
      while (isWritten(fd, piece));
    }
  } finally {
    closeSync(fd);
  }
}

function isWritten(fd: number, piece: Buffer): boolean {
  try {
    return writeSync(fd, piece) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
