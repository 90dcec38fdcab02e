import type { Clock } from '../../core/clock.ts';
import type { LimitRecord } from '../../core/limit-record.ts';
import type { EventBus } from '../../observability/events.ts';
import { isUnreadable } from '../../queue/spool/failure.ts';
import { retireUnreadableFile } from '../../queue/spool/file.ts';
import { openSpool } from '../../queue/spool/open.ts';
import type { Spool } from '../../queue/spool/spool.ts';
import type { RunRecord } from '../../queue/store.ts';
import type { Writers } from '../../queue/writers.ts';

/** What a fresh start finds, and would move aside. */
export type Left = { status: 'run'; run: RunRecord } | { status: 'unreadable'; reason: string };

export interface SettingAside {
  /** The spool's file. */
  file: string;
  /** The pipeline whose queue it must be; undefined for any. */
  pipelineName: string | undefined;
  durability: 'full' | 'normal';
  /** Asked before anything is moved; refuses by throwing. Answers 'stopped' when `stopped` aborts meanwhile. */
  confirmFresh: (left: Left, stopped: AbortSignal) => Promise<'yes' | 'stopped'>;
  /** Kills the children that still live of whoever wrote this list, and sees them gone. */
  killOrphans: (writers: Writers) => Promise<void>;
  /** Aborts when the service is asked to stop. */
  stopped: AbortSignal;
  clock: Clock;
  events: EventBus;
}

/** What the next queue has to know of the one before it. */
type Aside = { status: 'moved'; limits: LimitRecord[] } | { status: 'stopped' };

/**
 * Makes room for a new queue: what is there is renamed, and nothing deleted. The children that its supervisor may have
 * left write to the same sink and call the same vendor as their successors would: they are seen gone before, and what
 * is known of the limits is handed on.
 */
export async function setAside(options: SettingAside): Promise<Aside> {
  const { file, durability, stopped, pipelineName: pipeline } = options;
  let spool: Spool | undefined;
  try {
    spool = await openSpool({ file, durability, pipeline }, options);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return await setUnreadableAside(options, error.message);
  }
  if (!spool) return { status: 'stopped' };
  try {
    const run = spool.store.run();
    if (!run) return { status: 'moved', limits: [] };
    if ((await options.confirmFresh({ status: 'run', run }, stopped)) === 'stopped') return { status: 'stopped' };
    await options.killOrphans(spool.writers);
    if (stopped.aborted) return { status: 'stopped' };
    const limits = limitsIn(spool, options);
    tell(options, `the old queue was moved to ${spool.retire(suffix(options))}`);
    return { status: 'moved', limits };
  } finally {
    spool.close('unused');
  }
}

/** What the old queue knows of the limits. A record of them that is damaged must not keep anybody from starting over. */
function limitsIn(spool: Spool, options: SettingAside): LimitRecord[] {
  try {
    return spool.store.limits();
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    tell(options, 'the old queue cannot say which limits are frozen or used up: its record of them is damaged');
    return [];
  }
}

/** Nobody holds such a file: opening it got past the lock. */
async function setUnreadableAside(options: SettingAside, reason: string): Promise<Aside> {
  const { file, durability, stopped, pipelineName: pipeline } = options;
  if ((await options.confirmFresh({ status: 'unreadable', reason }, stopped)) === 'stopped')
    return { status: 'stopped' };
  // While the question was open it may have been restored, and taken into use.
  try {
    (await openSpool({ file, durability, pipeline }, options))?.close('unused');
    return await setAside(options);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
  tell(
    options,
    `the old queue, which could not be read, was moved to ${retireUnreadableFile(file, suffix(options))}. ` +
      'What it says of processes that may still run, and of frozen limits, is not known: make sure that no process of an earlier supervisor is left',
  );
  return { status: 'moved', limits: [] };
}

function suffix({ clock }: SettingAside): string {
  return `until-${new Date(clock.wall()).toISOString().replace(/[:.]/g, '-')}`;
}

function tell({ events }: SettingAside, message: string): void {
  events.emit('warning', { code: 'FRESH', message });
}
