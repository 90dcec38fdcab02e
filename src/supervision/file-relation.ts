import { statSync } from 'node:fs';
import type { FileRelation } from './ownership.ts';

/**
 * How the file that a queue belongs to is related to the one that is run now. Both paths are as they were given; two
 * that lead to the same file, by a symbolic or hard link, are the same.
 */
export function relationOf(recorded: string, ours: string): FileRelation {
  if (recorded === ours) return 'same';
  try {
    const was = statSync(recorded, { throwIfNoEntry: false, bigint: true });
    if (!was) return 'old one is gone';
    const is = statSync(ours, { throwIfNoEntry: false, bigint: true });
    return is && was.dev === is.dev && was.ino === is.ino ? 'same' : 'another';
  } catch (error) {
    // A folder on the way is now a file. Anything else, such as no permission, says nothing about what is there.
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'old one is gone' : 'another';
  }
}
