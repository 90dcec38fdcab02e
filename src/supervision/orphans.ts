import type { Clock } from '../core/clock.ts';
import { pause } from '../core/clock.ts';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { EventBus } from '../observability/events.ts';
import type { ProcessIdentity, WriterRecord, Writers } from '../queue/writers.ts';
import { killGroup } from './kill.ts';

const pollMs = 10;
const deadlineMs = 30_000;

export interface OrphanDeps {
  clock: Clock;
  events: EventBus;
  identify: (pid: number) => ProcessIdentity | undefined;
}

/**
 * Kills the children of a predecessor that still live, and resolves when they are seen gone. Until then nothing may
 * be delivered, permitted or read: an orphan could write to the sink beside its successor.
 */
export async function killOrphans(writers: Writers, { clock, events, identify }: OrphanDeps): Promise<void> {
  const left = writers.notEnded();
  const alive = left.filter((writer) => isSame(writer, identify));
  for (const { role, ordinal, pid } of alive) {
    killGroup(pid!);
    events.emit('orphan.killed', { who: { role, ordinal, pid } });
  }
  const deadline = clock.now() + deadlineMs;
  for (const writer of alive) {
    while (isSame(writer, identify)) {
      if (clock.now() > deadline) {
        throw new MillraceError(
          'ORPHAN',
          `process ${writer.pid}, the ${writer.role} of an earlier supervisor, was killed but does not go. ` +
            'Find out what it hangs in (often a disk or a network file system), end it, and start again.',
          { exitCode: exitCodes.io },
        );
      }
      await pause(clock, pollMs);
    }
  }
  for (const { writer } of left) writers.ended(writer, { isClean: false });
}

function isSame(writer: WriterRecord, identify: OrphanDeps['identify']): boolean {
  if (writer.pid === undefined || writer.pid === null) return false;
  const now = identify(writer.pid);
  return now !== undefined && now.started === writer.started && now.boot === writer.boot;
}
