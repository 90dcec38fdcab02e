import { configError } from '../core/errors.ts';

/** The directory where relative paths begin. Throws if it was removed. */
export function currentDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw configError('CURRENT_FOLDER', 'the current folder is not there any more: change to one that is', error);
  }
}
