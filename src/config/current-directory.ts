import { configError } from '../core/errors.ts';

/** The directory where relative paths begin. Throws if it was removed. */
export function currentDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw configError('CURRENT_FOLDER', 'the current directory no longer exists; change to one that does', error);
  }
}
