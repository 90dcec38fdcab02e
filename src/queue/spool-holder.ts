import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configError, type MillraceError } from '../core/errors.ts';

// Beside the lock, not instead of it: only for the message to whoever finds the lock taken.
function holderFile(file: string): string {
  return join(dirname(file), 'supervisor.pid');
}

/** Says who holds the spool's lock. */
export function recordHolder(file: string): void {
  try {
    writeFileSync(holderFile(file), `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // On a full disk the message names no pid; that must not keep the queue from being emptied.
  }
}

/** Whether somebody has held the spool and not let go of it in order. */
export function isHolderRecorded(file: string): boolean {
  return existsSync(holderFile(file));
}

/** Takes that back. */
export function forgetHolder(file: string): void {
  rmSync(holderFile(file), { force: true });
}

/** The error for whoever finds the lock taken. */
export function inUse(file: string): MillraceError {
  let holder = '';
  try {
    holder = ` (process ${Number.parseInt(readFileSync(holderFile(file), 'utf8'), 10)})`;
  } catch {
    // Without the file there is just no pid to name.
  }
  return configError(
    'IN_USE',
    `another supervisor${holder} is running on ${dirname(file)}. Stop it first, or give this pipeline its own --state directory.`,
  );
}
