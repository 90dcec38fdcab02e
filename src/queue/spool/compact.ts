import { statSync } from 'node:fs';
import { requireQueue } from './directory.ts';
import { openingFailure } from './failure.ts';
import { openSpoolFile } from './file.ts';
import { forgetHolder } from './holder.ts';
import { leave } from './kept-log.ts';

/**
 * Rewrites a spool's file without the free space in it. It holds the lock, so no supervisor may use the file. The rewrite is
 * all or nothing, and meanwhile takes twice as much disk space as the items do. With `pipeline`, the queue must belong to the
 * pipeline of that name. Returns the file's size in bytes before and after.
 */
export function compactSpool(file: string, pipeline?: string): { before: number; after: number } {
  requireQueue(file);
  const before = sizeOf(file);
  const db = openSpoolFile({ file, durability: 'full', mayLackLog: true, pipeline });
  try {
    db.exec('VACUUM');
    // All of it in one file: without a log next to it, nothing seems to be missing.
    db.pragma('journal_mode = DELETE');
  } catch (error) {
    leave(db, file);
    throw openingFailure(error, file);
  }
  forgetHolder(file);
  db.close();
  return { before, after: sizeOf(file) };
}

function sizeOf(file: string): number {
  return [file, `${file}-wal`].reduce((sum, each) => sum + (statSync(each, { throwIfNoEntry: false })?.size ?? 0), 0);
}
