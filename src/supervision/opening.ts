import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { sourceStart } from '../frame/position.ts';
import type { PipelineDescription } from '../ipc/messages.ts';
import { doubtsAbout } from '../queue/queue-directory.ts';
import { Spool } from '../queue/spool.ts';
import type { RunRecord } from '../queue/store.ts';
import { compareFingerprints } from './fingerprint.ts';
import { setAside, type SettingAside } from './setting-aside.ts';

export interface OpeningOptions extends Omit<SettingAside, 'file'> {
  stateDirectory: string;
  /** Keys whose values are secrets although they do not look like it. */
  redact: readonly string[];
  pipeline: Pick<PipelineDescription, 'fingerprint' | 'deterministic'>;
  /** Start over: what is there is moved aside. */
  fresh: boolean;
  /** Start a new run if the last one is finished. */
  again: boolean;
}

/** What the state directory says is to be done. */
export type Opening =
  | { status: 'open'; spool: Spool; run: RunRecord; isNew: boolean }
  | { status: 'finished'; spool: Spool; run: RunRecord }
  | { status: 'stopped' };

/** The spool's file in a state directory. */
export function spoolFile(stateDirectory: string): string {
  return join(stateDirectory, 'queue.db');
}

/**
 * Locks the state directory, by opening its spool, and finds the run to work on: the open one, or a new one if there
 * is none, or none at all if the last one is finished and nobody asked for another.
 */
export async function openRun(options: OpeningOptions): Promise<Opening> {
  const { stateDirectory, durability, pipeline, fresh, again, events } = options;
  const file = spoolFile(stateDirectory);
  const aside = fresh ? await setAside({ ...options, file }) : { status: 'moved' as const, limits: [] };
  if (aside.status === 'stopped') return aside;
  const spool = Spool.open({ file, durability });
  try {
    spool.noteRedacted(options.redact);
    for (const message of doubtsAbout(stateDirectory)) events.emit('warning', { code: 'STATE_DIRECTORY', message });
    const last = spool.run();
    if (!last) {
      const run = newRun(options, 1);
      const { limits } = aside;
      if (limits.length > 0) {
        spool.commit({
          run,
          frames: [],
          progress: [],
          retries: [],
          retriesGone: [],
          dead: [],
          revived: [],
          purged: [],
          limits,
        });
      }
      return { status: 'open', spool, run, isNew: true };
    }
    if (last.state === 'finished') {
      if (!again) return { status: 'finished', spool, run: last };
      return { status: 'open', spool, run: newRun(options, last.nextSeq), isNew: true };
    }
    if (last.state === 'running') {
      const change = compareFingerprints(last.fingerprint, pipeline, last.position);
      if (change.status === 'refused') throw change.error;
      if (change.status === 'changed') events.emit('warning', { code: 'PIPELINE_CHANGED', message: change.message });
    }
    return { status: 'open', spool, run: { ...last, fingerprint: pipeline.fingerprint }, isNew: false };
  } catch (error) {
    spool.close('unused');
    throw error;
  }
}

function newRun({ pipeline, clock }: OpeningOptions, nextSeq: number): RunRecord {
  return {
    run: randomUUID(),
    state: 'running',
    fingerprint: pipeline.fingerprint,
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
