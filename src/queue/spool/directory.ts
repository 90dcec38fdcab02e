import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { configError } from '../../core/errors.ts';

/** The spool's file in a state directory. */
export function spoolFile(stateDirectory: string): string {
  return join(stateDirectory, 'queue.db');
}

/** Creates the directory of a queue, for its owner only, if it does not exist. Throws if that fails or if this user may not use it. */
export function makeDirectory(directory: string): void {
  try {
    makeWithParents(directory);
  } catch (error) {
    throw configError(
      'STATE_DIRECTORY',
      `cannot create the state directory ${directory}: ${(error as Error).message}`,
      error,
    );
  }
  requireAccess(directory);
}

/** Throws if this user may not search the directory: each file in it would seem to be missing. */
export function requireAccess(directory: string): void {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EACCES') return; // Opening a file in it will show the problem.
    throw configError(
      'STATE_DIRECTORY',
      `no access to the state directory${ownership(directory) || ` ${directory}`}. Run as its owner, or give this pipeline its own --state directory.`,
      error,
    );
  }
}

/**
 * Throws if this user may not write the queue's file, its log, or their directory: SQLite would open them for reading and
 * fail later.
 */
export function requireWritable(file: string): void {
  for (const path of [dirname(file), file, `${file}-wal`]) {
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') continue;
      throw configError(
        'STATE_DIRECTORY',
        `the queue cannot be written: no write access to ${path} (${code})${ownership(path)}. ` +
          'Nothing was changed. Make it writable for this user, or give this pipeline its own --state directory.',
        error,
      );
    }
  }
}

/** Throws if there is no queue file. */
export function requireQueue(file: string): void {
  requireAccess(dirname(file));
  if (!existsSync(file)) throw configError('NO_QUEUE', `there is no queue in ${dirname(file)}: ${file} does not exist`);
}

/** A file that was renamed in this directory keeps its new name after a power loss. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The owner of a directory or file, if that is another user; as the end of a sentence. */
export function ownership(path: string): string {
  try {
    const { uid, mode } = statSync(path);
    const own = process.getuid?.();
    return uid === own
      ? ''
      : `: ${path} belongs to user ${uid} (mode ${(mode & 0o777).toString(8)}), and this is user ${own}`;
  } catch {
    return ''; // This user may not even know that.
  }
}

/** By their numbers in statfs(2). Locks on them do not exclude all processes, and the log needs memory that all share. */
const networkFileSystems = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x0102_1997, '9P'],
  [0x0bd0_0bd0, 'Lustre'],
  [0x00c3_6400, 'Ceph'],
]);

/** Why a directory is not a good place for a queue, one sentence for each reason. */
export function doubtsAbout(
  directory: string,
  { mode, type }: { mode: number; type: number } = {
    mode: statSync(directory).mode,
    type: statfsSync(directory).type,
  },
): string[] {
  const doubts: string[] = [];
  if ((mode & 0o002) !== 0) {
    doubts.push(
      `everyone on this machine can write to the state directory ${directory} and could replace the queue; run chmod 700 ${directory}`,
    );
  }
  const network = networkFileSystems.get(type);
  if (network !== undefined) {
    doubts.push(
      `the state directory ${directory} is on a network file system (${network}), where a queue can be damaged; choose a directory on a local disk with --state`,
    );
  }
  return doubts;
}

/** Not mkdir's own `recursive`: where no directory can be created although the parent exists (/proc), that never ends. */
function makeWithParents(directory: string): void {
  const isDirectory = (): boolean | undefined => {
    try {
      return statSync(directory).isDirectory();
    } catch {
      return undefined; // Creating it will show why.
    }
  };
  if (isDirectory()) return;
  if (isDirectory() === false) throw new Error(`${directory} is not a directory`);
  makeWithParents(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another process may have created it meanwhile.
    if (!isDirectory()) throw error;
  }
}
