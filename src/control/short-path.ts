/**
 * A socket's path may have about a hundred bytes, and Node silently truncates a longer one. The directory of a queue
 * can be deeper. So a long path is replaced by a short one to the same place: on Linux the directory's descriptor in
 * /proc, elsewhere a symbolic link in a private temporary directory. The socket itself stays in the queue's directory:
 * clients still find it by the long path, and the modes of directory and socket still decide who may open it.
 */
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** The longest path that the system accepts, without the final NUL. */
const longestBytes = process.platform === 'linux' ? 107 : 103;

export interface ShortPath {
  path: string;
  /** Call it when the path is no longer used; a listening socket uses it until it is closed. Idempotent. */
  release: () => void;
}

/** A path to the same place as `path`, short enough for a socket. Throws if its directory cannot be opened. */
export function shortPath(path: string): ShortPath {
  if (Buffer.byteLength(path) <= longestBytes) return { path, release: () => undefined };
  return existsSync('/proc/self/fd') ? byDescriptor(path) : byLink(path);
}

function byDescriptor(path: string): ShortPath {
  let fd: number | undefined = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: `/proc/self/fd/${fd}/${basename(path)}`,
    release: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** Exported for its test: on Linux the descriptor is used instead. */
export function byLink(path: string): ShortPath {
  // Only this user can write to it, so no other user can replace the link.
  const directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  symlinkSync(dirname(path), join(directory, 's'));
  return {
    path: join(directory, 's', basename(path)),
    release: () => rmSync(directory, { recursive: true, force: true }),
  };
}
