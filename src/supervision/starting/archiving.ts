import type { Clock } from '../../core/clock.ts';
import type { LimitRecord } from '../../core/limit-record.ts';
import type { EventBus } from '../../observability/events.ts';
import { isUnreadable } from '../../queue/spool/failure.ts';
import { archiveUnreadableFile } from '../../queue/spool/archive.ts';
import { openSpool } from '../../queue/spool/open.ts';
import type { PreviousCursor } from '../../queue/spool/previous.ts';
import type { Spool } from '../../queue/spool/spool.ts';
import type { RunRecord } from '../../queue/store.ts';
import type { Writers } from '../../queue/writers.ts';

/** What a fresh start finds, and would archive. */
export type Left = { status: 'run'; run: RunRecord } | { status: 'unreadable'; reason: string };

export interface Archiving {
  /** The spool's file. */
  file: string;
  /** The pipeline whose queue it must be; undefined for any. */
  pipelineName: string | undefined;
  durability: 'full' | 'normal';
  /** Called before anything is archived; refuses by throwing. Resolves to 'stopped' if `stopped` aborts. */
  confirmFresh: (left: Left, stopped: AbortSignal) => Promise<'yes' | 'stopped'>;
  /** Kills the children on this list that are still alive, and waits until they are gone. */
  killOrphans: (writers: Writers) => Promise<void>;
  /** Aborts when the service is asked to stop. */
  stopped: AbortSignal;
  clock: Clock;
  events: EventBus;
}

/** What the next queue has to know about the previous one. */
type Archived =
  { status: 'archived'; limits: LimitRecord[]; previous: readonly PreviousCursor[] } | { status: 'stopped' };

/**
 * Makes way for a new queue: the old one is renamed, and nothing is deleted. Children that its supervisor may have left
 * behind write to the same sink and call the same vendor as the new ones would. So they are seen gone first, and the
 * state of the limits is passed on, and so are the cursors of finished runs.
 */
export async function archiveQueue(options: Archiving): Promise<Archived> {
  const { file, durability, stopped, pipelineName: pipeline } = options;
  let spool: Spool | undefined;
  try {
    spool = await openSpool({ file, durability, pipeline }, options);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return await archiveUnreadable(options, error.message);
  }
  if (!spool) return { status: 'stopped' };
  try {
    const run = spool.store.run();
    if (!run) return { status: 'archived', limits: [], previous: spool.previous.all() };
    if ((await options.confirmFresh({ status: 'run', run }, stopped)) === 'stopped') return { status: 'stopped' };
    await options.killOrphans(spool.writers);
    if (stopped.aborted) return { status: 'stopped' };
    const limits = limitsIn(spool, options);
    spool.previous.note(run);
    const previous = spool.previous.all();
    tell(options, `the old queue was archived as ${spool.archive(suffix(options))}`);
    return { status: 'archived', limits, previous };
  } finally {
    spool.close('unused');
  }
}

/** What the old queue knows about the limits. A damaged record of them must not prevent a fresh start. */
function limitsIn(spool: Spool, options: Archiving): LimitRecord[] {
  try {
    return spool.store.limits();
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    tell(options, 'the old queue cannot say which limits are frozen or used up: its record of them is damaged');
    return [];
  }
}

/** Nobody holds such a file: opening it got past the lock. */
async function archiveUnreadable(options: Archiving, reason: string): Promise<Archived> {
  const { file, durability, stopped, pipelineName: pipeline } = options;
  if ((await options.confirmFresh({ status: 'unreadable', reason }, stopped)) === 'stopped')
    return { status: 'stopped' };
  // While the question was open, the file may have been restored and used.
  try {
    (await openSpool({ file, durability, pipeline }, options))?.close('unused');
    return await archiveQueue(options);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
  tell(
    options,
    `the old queue, which could not be read, was archived as ${archiveUnreadableFile(file, suffix(options))}. ` +
      'Its record of processes that may still run and of frozen limits is lost: make sure that no process of an earlier supervisor is still running',
  );
  return { status: 'archived', limits: [], previous: [] };
}

function suffix({ clock }: Archiving): string {
  return `until-${new Date(clock.wall()).toISOString().replace(/[:.]/g, '-')}`;
}

function tell({ events }: Archiving, message: string): void {
  events.emit('warning', { code: 'FRESH', message });
}
