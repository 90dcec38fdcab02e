import { statSync } from 'node:fs';
import type { FileRelation } from './ownership.ts';

/**
 * How the file that a queue belongs to relates to the file that runs now. Both paths are as given; two paths that lead to
 * the same file, by a symbolic or hard link, count as the same.
 */
export function relationOf(recorded: string, ours: string): FileRelation {
  if (recorded === ours) return 'same';
  try {
    const was = statSync(recorded, { throwIfNoEntry: false, bigint: true });
    if (!was) return 'old one is gone';
    const is = statSync(ours, { throwIfNoEntry: false, bigint: true });
    return is && was.dev === is.dev && was.ino === is.ino ? 'same' : 'another';
  } catch (error) {
    // ENOTDIR: a parent directory is now a file. Other errors, such as no permission, do not show that the file is
    // gone.
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'old one is gone' : 'another';
  }
}
