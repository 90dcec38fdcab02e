/** The log of a queue's file under a second name, while the file is closed without being clean. */
import { linkSync, readdirSync, rmSync } from 'node:fs';
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
  // Only if no other process has begun a new log since. If the log was not removed, it is still the same file.
  succeeds(() => linkSync(kept, log));
  succeeds(() => rmSync(kept));
}

/**
 * Gives a log that was kept its name back: its process was killed in `leave`. Only for a file that is not clean and has no
 * log. Returns whether the file has its log now.
 */
export function restoreLog(file: string): boolean {
  return keptLogs(file).some((kept) => succeeds(() => linkSync(kept, `${file}-wal`)));
}

/**
 * Removes kept logs that a killed process left. Call this under the lock, before the first write: later, a kept log would
 * not belong to the file any more. A process that is still in `leave` then finds nothing to give back.
 */
export function forgetKeptLogs(file: string): void {
  for (const kept of keptLogs(file)) rmSync(kept, { force: true });
}

function keptLogs(file: string): string[] {
  const start = `${basename(file)}-wal.`;
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)))
    .map((name) => join(dirname(file), name));
}

function succeeds(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
