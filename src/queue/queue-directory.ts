import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { configError } from '../core/errors.ts';

/** Makes the folder of a queue, for its owner only, if it is not there. Throws if there can be none, or it is not ours to use. */
export function makeDirectory(directory: string): void {
  try {
    makeWithParents(directory);
  } catch (error) {
    throw configError(
      'STATE_DIRECTORY',
      `cannot make the state directory ${directory}: ${(error as Error).message}`,
      error,
    );
  }
  requireAccess(directory);
}

/** Throws if this user may not look into it: each file in there would pass for one that is missing. */
export function requireAccess(directory: string): void {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EACCES') return; // What it is then shows when a file in it is opened.
    throw configError(
      'STATE_DIRECTORY',
      `no access to the state directory${ownership(directory) || ` ${directory}`}. Run as its owner, or give this pipeline its own --state directory.`,
      error,
    );
  }
}

/** Throws unless there is a queue's file. */
export function requireQueue(file: string): void {
  requireAccess(dirname(file));
  if (!existsSync(file)) throw configError('NO_QUEUE', `there is no queue in ${dirname(file)}: ${file} is not there`);
}

/** Whose a folder or file is, if that is somebody else; as the end of a sentence. */
export function ownership(path: string): string {
  try {
    const { uid, mode } = statSync(path);
    const own = process.getuid?.();
    return uid === own
      ? ''
      : `: ${path} belongs to user ${uid} (mode ${(mode & 0o777).toString(8)}), and this is user ${own}`;
  } catch {
    return ''; // Not even that may be known.
  }
}

/** Why it is no safe place for a queue; undefined if it is one. */
export function exposure(directory: string): string | undefined {
  const { mode } = statSync(directory);
  if ((mode & 0o002) === 0) return undefined;
  return `everybody on this machine can write to the state directory ${directory}, and so put another queue there: chmod 700 ${directory}`;
}

/** Not mkdir's own `recursive`: where no folder can be made although the parent is there (/proc), that one tries for ever. */
function makeWithParents(directory: string): void {
  const isFolder = (): boolean | undefined => {
    try {
      return statSync(directory).isDirectory();
    } catch {
      return undefined; // Making it says why.
    }
  };
  if (isFolder()) return;
  if (isFolder() === false) throw new Error(`${directory} is not a folder`);
  makeWithParents(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!isFolder()) throw error;
  }
}
