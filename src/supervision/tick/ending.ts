import { errorFromData, MillraceError } from '../../core/errors.ts';
import { exitCodes, type ExitCode } from '../../core/exit-codes.ts';
import { nameOf, type Who } from '../../observability/events.ts';
import type { Hub } from '../hub.ts';
import type { Roster, Side } from '../roles/roster.ts';

/** How the service ended. The spool is the caller's to close. */
export interface Outcome {
  exitCode: ExitCode;
  /** The spool has failed: nothing more may be written to it. */
  spoolFailed: boolean;
  error: MillraceError | undefined;
}

/** The end of a run: from the last item of the source to `finished`, and the reports about it. */
export class Ending {
  readonly #hub: Pick<Hub, 'queue' | 'clock' | 'events'>;
  readonly #roster: Roster;
  /** It was announced, perhaps by an earlier supervisor, that the source has ended. */
  #isSealed: boolean;

  constructor(hub: Pick<Hub, 'queue' | 'clock' | 'events'>, roster: Roster) {
    this.#hub = hub;
    this.#roster = roster;
    this.#isSealed = hub.queue.committedRun.state !== 'running';
  }

  /**
   * Call it before a commit. A sealed run without open items is finishing. When its consumers have all ended, or were given up,
   * the finisher does its work, if there is any; then the run is finished.
   */
  advance({ isStopping }: { isStopping: boolean }): void {
    const { queue, clock } = this.#hub;
    if (queue.run.state === 'sealed' && queue.isEmpty && queue.cursors.areConfirmed)
      queue.setRun({ state: 'finishing' });
    if (queue.run.state !== 'finishing' || isStopping || !this.#roster.isOver) return;
    const hasAnyEnded = this.#roster.consumers.current.some(({ post }) => post.state === 'stopped');
    if (!hasAnyEnded) return;
    const { finisher } = this.#roster;
    if (finisher && !finisher.post.hasEnded) {
      if (finisher.post.state === 'stopped') finisher.post.start();
      return;
    }
    const exitCode = queue.run.dead > 0 ? exitCodes.deadLetters : exitCodes.ok;
    queue.setRun({ state: 'finished', finishedAt: clock.wall(), exitCode });
  }

  /** After a commit: reports, once, that the source has ended. */
  announceSealed(): void {
    const { queue, events } = this.#hub;
    const { run, stored, state } = queue.committedRun;
    if (this.#isSealed || state === 'running') return;
    this.#isSealed = true;
    events.emit('run.sealed', { run, items: stored });
  }

  /** After a commit: reports that the run has finished. Returns its exit code; undefined if it has not. */
  finished(): ExitCode | undefined {
    const { queue, events, clock } = this.#hub;
    const { run, stored, done, dead, state, exitCode, startedAt } = queue.committedRun;
    if (state !== 'finished') return undefined;
    const seconds = (clock.wall() - startedAt) / 1000;
    events.emit('run.finished', { run, items: stored, done, dead, seconds, exitCode: exitCode ?? 0 });
    return (exitCode ?? exitCodes.ok) as ExitCode;
  }

  /** Reports that the service has stopped before the run had finished. Returns the exit code. */
  stopped({ hasForced, failure }: { hasForced: boolean; failure: MillraceError | undefined }): ExitCode {
    const { queue, events } = this.#hub;
    const aborted = this.#roster.consumers.all.reduce((sum, consumer) => sum + consumer.aborted, 0);
    const isForced = hasForced || aborted > 0;
    const exitCode = failure?.exitCode ?? (isForced ? exitCodes.forced : exitCodes.ok);
    events.emit('run.stopped', { open: queue.stats.open, aborted, exitCode });
    return exitCode;
  }
}

/** Why the service cannot continue without the parked posts; undefined if it can. */
export function parkedError({ producing, consumers, finisher }: Roster): MillraceError | undefined {
  const isParked = ({ post }: Side): boolean => post.state === 'parked';
  const [who, side] = isParked(producing)
    ? ['the producer', producing]
    : finisher && isParked(finisher)
      ? ['the process that finishes the run', finisher]
      : ['every consumer', consumers.current.every(isParked) ? consumers.current[0] : undefined];
  if (!side) return undefined;
  const { post } = side;
  return new MillraceError(
    'GAVE_UP',
    `${who} crashed too often (last: ${post.lastExit}). The queue is intact: fix the cause and start again.`,
    { exitCode: exitCodes.gaveUp, cause: post.lastError && errorFromData(post.lastError.error) },
  );
}

/**
 * Processes were killed but do not exit. They stay on record as not ended: the next supervisor on this queue looks for
 * them.
 */
export function stuckError(left: readonly Who[]): MillraceError {
  const names = left.map((who) => `${nameOf(who)} (process ${who.pid})`).join(', ');
  return new MillraceError(
    'STUCK',
    `${names} was killed but does not exit: it hangs in the operating system, often on a disk or a network file system. ` +
      'The queue is intact. It cannot be used until that process has exited.',
    { exitCode: exitCodes.forced },
  );
}
