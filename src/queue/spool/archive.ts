import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { restoreLog } from './kept-log.ts';

/** Archives a spool's file: renames it to a name that is not in use. Returns the new name. */
export function archiveFile(file: string, suffix: string): string {
  return archive(file, suffix, []);
}

/** The same for a file that cannot be opened: some of its content may be in a log next to it. */
export function archiveUnreadableFile(file: string, suffix: string): string {
  restoreLog(file);
  return archive(file, suffix, ['-wal', '-journal']);
}

function archive(file: string, suffix: string, ends: readonly string[]): string {
  const nameOf = (n: number): string => file.replace(/\.db$/, '') + `.${suffix}${n === 1 ? '' : `-${n}`}.db`;
  let n = 1;
  // A rename would replace an existing file.
  while (existsSync(nameOf(n))) n++;
  const archived = nameOf(n);
  const logs = ends.filter((end) => existsSync(file + end));
  // Under both names for a moment: a new file under the old name would remove the logs next to it.
  for (const end of logs) linkSync(file + end, archived + end);
  renameSync(file, archived);
  for (const end of logs) rmSync(file + end);
  return archived;
}
