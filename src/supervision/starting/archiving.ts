import type { Clock } from '../../core/clock.ts';
import type { EventBus } from '../../observability/events.ts';
import { isUnreadable, type QueuePlace, type WholeSpool } from '../../queue/place.ts';
import type { RunRecord } from '../../queue/store.ts';
import type { Writers } from '../../queue/writers.ts';

/** The queue that a fresh start finds and would archive. */
export type Left = { status: 'run'; run: RunRecord } | { status: 'unreadable'; reason: string };

export interface Archiving {
  place: QueuePlace;
  /** The pipeline whose queue it must be; undefined for any. */
  pipelineName: string | undefined;
  /** Called before anything is archived; refuses by throwing. Resolves to 'stopped' if `stopped` aborts. */
  confirmFresh: (left: Left, stopped: AbortSignal) => Promise<'yes' | 'stopped'>;
  /** Kills the children on this list that are still alive, and waits until they are gone. */
  killOrphans: (writers: Writers) => Promise<void>;
  /** Aborts when the service is asked to stop. */
  stopped: AbortSignal;
  clock: Clock;
  events: EventBus;
}

type Archived = 'archived' | 'stopped';

/**
 * Makes way for a new queue: the old one is renamed, and nothing is deleted. Children that its supervisor may have left
 * behind write to the same sink and call the same vendor as the new ones would. So they are seen gone first, and the
 * state of the limits is passed on, and so are the cursors of finished runs (`inherit`). A damaged part of the queue must not
 * prevent a fresh start: a warning says what is lost.
 */
export async function archiveQueue(options: Archiving): Promise<Archived> {
  const { place, clock, stopped, pipelineName: pipeline } = options;
  let spool: WholeSpool | undefined;
  try {
    spool = await place.open({ pipeline, clock, stopped });
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return await archiveUnreadable(options, error.message);
  }
  if (!spool) return 'stopped';
  const { store, writers, previous } = spool;
  try {
    const left = leftIn(spool);
    if (left === undefined) return 'archived';
    if ((await options.confirmFresh(left, stopped)) === 'stopped') return 'stopped';
    await orLost(options, lost.processes, undefined, () => options.killOrphans(writers));
    if (stopped.aborted) return 'stopped';
    const limits = await orLost(options, lost.limits, [], () => store.limits());
    if (left.status === 'run') await orLost(options, lost.lastCursor, undefined, () => previous.note(left.run));
    const cursors = await orLost(options, lost.cursors, [], () => previous.all());
    place.keepPassedOn({ limits, previous: cursors });
    tell(options, `the old queue was archived as ${spool.archive(suffix(options))}`);
    return 'archived';
  } finally {
    spool.close('unused');
  }
}

/** Undefined if there is no run. */
function leftIn({ store }: WholeSpool): Left | undefined {
  try {
    const run = store.run();
    return run && { status: 'run', run };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { status: 'unreadable', reason: error.message };
  }
}

const lost = {
  processes:
    'the old queue cannot say which of its processes may still run, because its record of them is damaged: make sure that no process of an earlier supervisor is still running',
  limits: 'the old queue cannot say which limits are frozen or used up: its record of them is damaged',
  lastCursor:
    'the old queue cannot say where its last run ended, because its record of that is damaged: context.previous is that of an earlier run',
  cursors:
    'the old queue cannot say where its finished runs ended, because its record of that is damaged: context.previous is undefined until a run has finished',
};

/**
 * Returns the result of `read`. If the part of the queue that it reads is damaged, warns of the `loss` and returns
 * `instead`.
 */
async function orLost<T>(options: Archiving, loss: string, instead: T, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    tell(options, loss);
    return instead;
  }
}

/** No other process holds such a file: opening it got past the lock. */
async function archiveUnreadable(options: Archiving, reason: string): Promise<Archived> {
  const { place, clock, stopped, pipelineName: pipeline } = options;
  if ((await options.confirmFresh({ status: 'unreadable', reason }, stopped)) === 'stopped') return 'stopped';
  // While the question was open, the file may have been restored and used.
  try {
    (await place.open({ pipeline, clock, stopped }))?.close('unused');
    return await archiveQueue(options);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
  tell(
    options,
    `the old queue, which could not be read, was archived as ${place.archiveUnreadable(suffix(options))}. ` +
      'Its record of processes that may still run and of frozen limits is lost: make sure that no process of an earlier supervisor is still running',
  );
  return 'archived';
}

function suffix({ clock }: Archiving): string {
  return `until-${new Date(clock.wall()).toISOString().replace(/[:.]/g, '-')}`;
}

function tell({ events }: Archiving, message: string): void {
  events.emit('warning', { code: 'FRESH', message });
}
