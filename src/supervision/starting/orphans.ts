import type { Clock } from '../../core/clock.ts';
import { pause } from '../../core/clock.ts';
import { MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import type { EventBus } from '../../observability/events.ts';
import type { ProcessIdentity, WriterRecord, Writers } from '../../queue/writers.ts';

const pollMs = 10;
const deadlineMs = 30_000;

export interface OrphanDeps {
  clock: Clock;
  events: EventBus;
  identify: (pid: number) => ProcessIdentity | undefined;
  /** The live processes of the group that a process leads or led. */
  membersOf: (leader: number) => ProcessIdentity[];
  /** Kills a process and its whole group. */
  kill: (leader: number) => void;
  /** Aborts when the service is asked to stop: then nothing waits for the processes. */
  stopped: AbortSignal;
}

/**
 * Kills the live children of a predecessor, with everything that they have started, and resolves when they are seen
 * gone, or when `stopped` aborts. Until they are gone nothing may be delivered, permitted or read: an orphan could
 * write to the sink at the same time as its successor.
 */
export async function killOrphans(writers: Pick<Writers, 'notEnded' | 'ended'>, deps: OrphanDeps): Promise<void> {
  const { clock, events, kill, stopped } = deps;
  const left = writers.notEnded();
  const alive = left.filter((writer) => remains(writer, deps).length > 0);
  for (const { role, ordinal, pid } of alive) {
    kill(pid!);
    events.emit('orphan.killed', { who: { role, ordinal, pid: pid! } });
  }
  const deadline = clock.now() + deadlineMs;
  for (const writer of alive) {
    for (let [pid] = remains(writer, deps); pid !== undefined; [pid] = remains(writer, deps)) {
      if (clock.now() > deadline) {
        throw new MillraceError(
          'ORPHAN',
          `process ${pid}, the ${writer.role} of an earlier supervisor${pid === writer.pid ? '' : ' or started by it'}, was killed but does not exit. ` +
            'Find out what it hangs on (often a disk or a network file system), end it, and start again.',
          { exitCode: exitCodes.io },
        );
      }
      await pause(clock, pollMs, stopped);
      if (stopped.aborted) return;
    }
  }
  for (const { writer } of left) writers.ended(writer, { isClean: false });
}

/** The live processes of a writer: itself or, when it has gone, the processes it had started. */
function remains(writer: WriterRecord, { identify, membersOf }: OrphanDeps): number[] {
  const { pid, started, boot } = writer;
  if (pid === undefined || pid === null) return [];
  const now = identify(pid);
  // Another process may have its number now, and lead its own group.
  if (now) return now.started === started && now.boot === boot ? [pid] : [];
  // A number is not reused while a group with that number exists; but that group may have been another one since then.
  return membersOf(pid)
    .filter((member) => member.boot === boot && startedNoEarlier(member, started))
    .map((member) => member.pid);
}

function startedNoEarlier({ started }: ProcessIdentity, than: string | null | undefined): boolean {
  return started !== null && typeof than === 'string' && Number(started) >= Number(than);
}
