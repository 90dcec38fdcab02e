import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { EventBus } from '../observability/events.ts';
import { sourceStart } from '../frame/position.ts';
import { Spool } from '../queue/spool.ts';
import type { RunRecord } from '../queue/store.ts';
import { compareFingerprints } from './fingerprint.ts';

export interface OpeningOptions {
  stateDirectory: string;
  durability: 'full' | 'normal';
  fingerprint: string;
  /** Start over: what is open is moved aside. Called under the lock; may refuse by throwing. */
  fresh: boolean;
  /** Start a new run if the last one is finished. */
  again: boolean;
  confirmFresh: (run: RunRecord) => Promise<void>;
  clock: Clock;
  events: EventBus;
}

/** What the state directory says is to be done. */
export type Opening =
  | { status: 'open'; spool: Spool; run: RunRecord; isNew: boolean }
  | { status: 'finished'; spool: Spool; run: RunRecord };

/** The spool's file in a state directory. */
export function spoolFile(stateDirectory: string): string {
  return join(stateDirectory, 'queue.db');
}

/**
 * Locks the state directory, by opening its spool, and finds the run to work on: the open one, or a new one if there
 * is none, or none at all if the last one is finished and nobody asked for another.
 */
export async function openRun(options: OpeningOptions): Promise<Opening> {
  const { stateDirectory, durability, fingerprint, fresh, again, events } = options;
  let spool = Spool.open({ file: spoolFile(stateDirectory), durability });
  try {
    let last = spool.run();
    if (fresh && last) {
      await options.confirmFresh(last);
      const retired = spool.retire(`until-${isoStamp(options.clock)}`);
      events.emit('warning', { code: 'FRESH', message: `the old queue was moved to ${retired}` });
      spool = Spool.open({ file: spoolFile(stateDirectory), durability });
      last = undefined;
    }
    if (!last) return { status: 'open', spool, run: newRun(options, 1), isNew: true };
    if (last.state === 'finished') {
      if (!again) return { status: 'finished', spool, run: last };
      return { status: 'open', spool, run: newRun(options, last.nextSeq), isNew: true };
    }
    if (last.state === 'running') {
      const change = compareFingerprints(last.fingerprint, fingerprint, last.position);
      if (change.status === 'refused') throw change.error;
      if (change.status === 'changed') events.emit('warning', { code: 'PIPELINE_CHANGED', message: change.message });
    }
    return { status: 'open', spool, run: { ...last, fingerprint }, isNew: false };
  } catch (error) {
    spool.close();
    throw error;
  }
}

function newRun({ fingerprint, clock }: OpeningOptions, nextSeq: number): RunRecord {
  return {
    run: randomUUID(),
    state: 'running',
    fingerprint,
    position: sourceStart,
    nextSeq,
    stored: 0,
    done: 0,
    dead: 0,
    startedAt: clock.wall(),
    finishedAt: null,
    exitCode: null,
  };
}

function isoStamp(clock: Clock): string {
  return new Date(clock.wall()).toISOString().replace(/[:.]/g, '-');
}
