import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configError, MillraceError } from '../../core/errors.ts';
import { lockHolders, programOf } from './lock-holders.ts';

// In addition to the lock, not instead of it: only for the message when the lock is taken.
function holderFile(file: string): string {
  return join(dirname(file), 'supervisor.pid');
}

/** Records which process holds the spool's lock. */
export function recordHolder(file: string): void {
  try {
    writeFileSync(holderFile(file), `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // On a full disk the message names no pid. That must not prevent the queue from being processed.
  }
}

/** Whether a process has held the spool and did not close it cleanly. */
export function isHolderRecorded(file: string): boolean {
  return existsSync(holderFile(file));
}

/** Removes that record. */
export function forgetHolder(file: string): void {
  rmSync(holderFile(file), { force: true });
}

/**
 * The error when the lock is taken. It names the process that holds the lock: a supervisor (`IN_USE`), or a process that
 * only reads or changes something and will be done soon (`BRIEFLY_IN_USE`).
 */
export function inUse(file: string): MillraceError {
  const holders = lockHolders(file);
  const holder = holders.find(({ isWriter }) => isWriter) ?? holders[0];
  const directory = dirname(file);
  const pid = holder ? holder.pid : recordedHolder(file);
  const program = pid ? programOf(pid) : undefined;
  const isCommand = /^millrace (?!run\b)/.test(program ?? '');
  if (pid === undefined || (holder && (isCommand || !holder.isWriter))) {
    const who = pid ? `process ${pid}${program ? ` (${program})` : ''}` : 'another process';
    return configError(
      'BRIEFLY_IN_USE',
      `${who} has the queue in ${directory} open. Wait for it to end, or end it, then try again.`,
    );
  }
  const who =
    pid === process.pid
      ? `this program already runs a service on ${directory}`
      : `another supervisor${pid ? ` (process ${pid})` : ''} is running on ${directory}`;
  return configError('IN_USE', `${who}. Stop it first, or give this pipeline its own --state directory.`);
}

/** Whether the queue is in use by a process other than a supervisor. */
export function isBrieflyInUse(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'BRIEFLY_IN_USE';
}

/** Whether another process has the queue. */
export function isInUse(error: unknown): boolean {
  return isBrieflyInUse(error) || (error instanceof MillraceError && error.code === 'IN_USE');
}

/** The supervisor that was recorded last, if it is still alive; otherwise undefined. */
function recordedHolder(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(holderFile(file), 'utf8'), 10);
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // EPERM: a process of another user is alive. (Without the file, or with other text in it, there is no pid to name.)
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 0 : undefined;
  }
}
