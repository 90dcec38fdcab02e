/**
 * A socket's path may have about a hundred bytes, and Node cuts a longer one without a word. A folder for a queue may lie
 * deeper. So a long path is replaced by a short one to the same place: the folder by its descriptor, as Linux shows it in
 * /proc; elsewhere by a symbolic link in a temporary folder of our own. The socket itself lies where it always does, so
 * whoever asks for it needs no other path than the long one, and who may open it is the folder's and the socket's to say.
 */
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** What the system takes, without the closing NUL. */
const longestBytes = process.platform === 'linux' ? 107 : 103;

export interface ShortPath {
  path: string;
  /** To be called when the path is not used any more; a socket that listens on it uses it until it is closed. Idempotent. */
  release: () => void;
}

/** A path of at most so many bytes as a socket takes, to the place that `path` names. Throws if its folder cannot be opened. */
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

/** Exported for its test: Linux has the better way. */
export function byLink(path: string): ShortPath {
  // Made for us alone, so that nobody else can put another link in its place.
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
  symlinkSync(dirname(path), join(folder, 's'));
  return { path: join(folder, 's', basename(path)), release: () => rmSync(folder, { recursive: true, force: true }) };
}
