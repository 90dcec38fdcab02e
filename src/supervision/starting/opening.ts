import { randomUUID } from 'node:crypto';
import { sourceStart } from '../../frame/position.ts';
import type { WholeSpool } from '../../queue/place.ts';
import type { RunRecord } from '../../queue/store.ts';
import { archiveQueue, type Archiving } from './archiving.ts';
import { claim, type ClaimingOptions } from './claiming.ts';
import { inherit } from './inheriting.ts';
import { paramsOfNewRun } from './run-params.ts';

export interface OpeningOptions extends ClaimingOptions, Omit<Archiving, 'pipelineName'> {
  /** Start over: the old queue is archived. */
  fresh: boolean;
}

/** What to do, according to the state directory. */
export type Opening =
  | ({
      status: 'open';
      isNew: boolean;
      /** The final cursor of the last finished run with the same params and source, as JSON. */
      previous: string | null;
    } & Opened)
  | ({ status: 'finished' } & Opened)
  | { status: 'stopped' };

interface Opened {
  spool: WholeSpool;
  run: RunRecord;
  /** A start with `again` found this run open, and the new run that should follow has not started. */
  owesAnother: boolean;
}

/**
 * Locks the state directory, by opening its spool, and finds the run to work on: the open one, or a new one if there
 * is none, or none at all if the last one is finished and no new one was requested. An open run comes first even if
 * a new one was requested: the caller starts that when this one is finished.
 */
export async function openRun(options: OpeningOptions): Promise<Opening> {
  const { place, pipeline, fresh, again, moved, events, clock, stopped } = options;
  const pipelineName = moved ? undefined : pipeline.name;
  if (fresh && (await archiveQueue({ ...options, pipelineName })) === 'stopped') return { status: 'stopped' };
  const spool = await place.open({ pipeline: pipelineName, startedAt: clock.wall(), clock, stopped });
  if (!spool) return { status: 'stopped' };
  try {
    const last = spool.store.run();
    if (last) spool.previous.note(last);
    const opened = (run: RunRecord): { spool: WholeSpool; run: RunRecord; previous: string | null } => {
      const source = sourceName(options);
      spool.previous.reads(run.run, source);
      return { spool, run, previous: spool.previous.find(run.params, source) };
    };
    const { resumed, owesAnother } = claim(spool.claims, last, options);
    for (const message of place.doubts()) events.emit('warning', { code: 'STATE_DIRECTORY', message });
    if (!last || !resumed) {
      const run = newRun(options, 1);
      inherit(spool, { place, run, events });
      return { status: 'open', ...opened(run), isNew: true, owesAnother: false };
    }
    // A fresh start was killed before it had archived this queue.
    place.forgetPassedOn();
    if (last.state === 'finished') {
      if (!again) return { status: 'finished', spool, run: last, owesAnother };
      return { status: 'open', ...opened(newRun(options, last.nextSeq)), isNew: true, owesAnother: false };
    }
    return { status: 'open', ...opened(resumed), isNew: false, owesAnother };
  } catch (error) {
    spool.close('unused');
    throw error;
  }
}

/** Identifies the pipeline's source by its kind and target. */
function sourceName({ pipeline: { source } }: OpeningOptions): string {
  return source ? `${source.kind} ${source.target}` : '';
}

function newRun({ pipeline, params, clock }: OpeningOptions, nextSeq: number): RunRecord {
  return {
    run: randomUUID(),
    state: 'running',
    fingerprint: pipeline.fingerprint,
    position: sourceStart,
    nextSeq,
    stored: 0,
    done: 0,
    dead: 0,
    doneElsewhere: 0,
    params: paramsOfNewRun(pipeline.params, params),
    startedAt: clock.wall(),
    finishedAt: null,
    exitCode: null,
  };
}
