/** The log of a queue's file under a second name, while the file is closed without being clean. */
import { existsSync, linkSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Closes the file as a kill would. SQLite would copy the log into the file and remove it. But the file may have failed,
 * and without its log it would not be visible what is missing.
 */
export function leave(db: { close: () => unknown }, file: string): void {
  const [log, kept] = [`${file}-wal`, `${file}-wal.${process.pid}`];
  const isKept = succeeds(() => linkSync(log, kept));
  db.close();
  if (!isKept) return;
  succeeds(() => linkSync(kept, log));
  // That fails if the log was not removed, or if another process has begun a new one since, which then has all of it. Or a
  // reader has created an empty one, which it removes: then the next start finds this one.
  if (statSync(log, { throwIfNoEntry: false })?.size !== 0 || isEmpty(kept)) succeeds(() => rmSync(kept));
}

/**
 * Gives a log that was kept its name back: its process was killed in `leave`. Only for a file that is not clean. Returns
 * whether the file has a log now.
 */
export function restoreLog(file: string): boolean {
  return keptLogs(file).some((kept) => succeeds(() => linkSync(kept, `${file}-wal`))) || existsSync(`${file}-wal`);
}

/**
 * Removes kept logs that a killed process left. Call this under the lock, before the first write: later, a kept log would
 * not belong to the file any more. A process that is still in `leave` then finds nothing to give back.
 */
export function forgetKeptLogs(file: string): void {
  for (const kept of keptLogs(file)) rmSync(kept, { force: true });
}

/** The logs of the file that were kept under other names. */
export function keptLogs(file: string): string[] {
  const [directory, start] = [dirname(file), `${basename(file)}-wal.`];
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.startsWith(start) && /^\d+$/.test(entry.name.slice(start.length)))
    .map(({ name }) => join(directory, name));
}

function isEmpty(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.size === 0;
}

function succeeds(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
