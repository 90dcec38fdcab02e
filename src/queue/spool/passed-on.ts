import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FoundPassedOn } from '../place.ts';
import type { PassedOn } from '../previous.ts';
import { syncDirectory } from './directory.ts';

/**
 * Writes it to a file next to the queue's, before that is renamed. It stays there until the new queue has recorded it, so a
 * kill at any point loses nothing. When this returns, it is on the disk. The file is left out if there is nothing to pass on.
 */
export function keepPassedOn(file: string, passedOn: PassedOn): void {
  forgetPassedOn(file);
  if (passedOn.limits.length === 0 && passedOn.previous.length === 0) return;
  const kept = keptIn(file);
  const unfinished = `${kept}.part`;
  const fd = openSync(unfinished, 'w', 0o600);
  try {
    writeFileSync(fd, JSON.stringify(passedOn));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(unfinished, kept);
  syncDirectory(dirname(file));
}

/** What was passed on to the queue in `file`, which has no run yet. */
export function findPassedOn(file: string): FoundPassedOn {
  let text: string;
  try {
    text = readFileSync(keptIn(file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { status: 'none' };
    throw error;
  }
  try {
    const { limits, previous } = JSON.parse(text) as Partial<PassedOn>;
    if (Array.isArray(limits) && Array.isArray(previous)) return { status: 'found', limits, previous };
  } catch {
    // It is damaged, like one without the lists.
  }
  return { status: 'damaged' };
}

/** The queue has recorded it, or keeps its own. Idempotent. */
export function forgetPassedOn(file: string): void {
  rmSync(keptIn(file), { force: true });
}

function keptIn(file: string): string {
  return join(dirname(file), 'fresh.json');
}
