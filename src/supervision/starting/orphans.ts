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
  /** What lives of the process group that a process leads or led. */
  membersOf: (leader: number) => ProcessIdentity[];
  /** Kills a process and all that it leads. */
  kill: (leader: number) => void;
  /** Aborts when the service is asked to stop: then nobody is waited for. */
  stopped: AbortSignal;
}

/**
 * Kills the children of a predecessor that still live, with all that they have started, and resolves when they are seen
 * gone, or when `stopped` aborts. Until they are gone nothing may be delivered, permitted or read: an orphan could
 * write to the sink beside its successor.
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
          `process ${pid}, the ${writer.role} of an earlier supervisor${pid === writer.pid ? '' : ' or started by it'}, was killed but does not go. ` +
            'Find out what it hangs in (often a disk or a network file system), end it, and start again.',
          { exitCode: exitCodes.io },
        );
      }
      await pause(clock, pollMs, stopped);
      if (stopped.aborted) return;
    }
  }
  for (const { writer } of left) writers.ended(writer, { isClean: false });
}

/** The processes that live of a writer: itself; or, when it has gone, what it had started. */
function remains(writer: WriterRecord, { identify, membersOf }: OrphanDeps): number[] {
  const { pid, started, boot } = writer;
  if (pid === undefined || pid === null) return [];
  const now = identify(pid);
  // Somebody else may have its number now, and lead a group of his own.
  if (now) return now.started === started && now.boot === boot ? [pid] : [];
  // A number is not given out while there is a group of that name; but that group may have been another's, since.
  return membersOf(pid)
    .filter((member) => member.boot === boot && startedNoEarlier(member, started))
    .map((member) => member.pid);
}

function startedNoEarlier({ started }: ProcessIdentity, than: string | null | undefined): boolean {
  return started !== null && typeof than === 'string' && Number(started) >= Number(than);
}
