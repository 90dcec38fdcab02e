import { statSync } from 'node:fs';
import { requireQueue } from './directory.ts';
import { openingFailure } from './failure.ts';
import { openSpoolFile } from './file.ts';
import { forgetHolder } from './holder.ts';

/**
 * Writes a spool's file anew, without the room that is free in it, under the lock: no supervisor may have it. All or
 * nothing; takes as much room on the disk meanwhile as the items do, twice. With `pipeline` it must be that one's. Returns its size in bytes before and after.
 */
export function compactSpool(file: string, pipeline?: string): { before: number; after: number } {
  requireQueue(file);
  const before = sizeOf(file);
  const db = openSpoolFile({ file, durability: 'full', mayLackLog: true, pipeline });
  try {
    db.exec('VACUUM');
    // All of it in one file: that it has no log beside it is no sign of anything missing.
    db.pragma('journal_mode = DELETE');
  } catch (error) {
    throw openingFailure(error, file);
  } finally {
    forgetHolder(file);
    db.close();
  }
  return { before, after: sizeOf(file) };
}

function sizeOf(file: string): number {
  return [file, `${file}-wal`].reduce((sum, each) => sum + (statSync(each, { throwIfNoEntry: false })?.size ?? 0), 0);
}
