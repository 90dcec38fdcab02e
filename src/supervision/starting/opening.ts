import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { GivenParams } from '../../core/params.ts';
import { sourceStart } from '../../frame/position.ts';
import type { PipelineDescription } from '../../ipc/messages.ts';
import { doubtsAbout } from '../../queue/spool/directory.ts';
import { openSpool } from '../../queue/spool/open.ts';
import type { Spool } from '../../queue/spool/spool.ts';
import type { RunRecord } from '../../queue/store.ts';
import type { Declaration, QueueOwner } from '../../queue/spool/owner.ts';
import { relationOf } from './file-relation.ts';
import { compareFingerprints } from '../replacing/fingerprint.ts';
import { ownershipOf } from './ownership.ts';
import { archiveQueue, type Archiving } from './archiving.ts';
import { paramsOfNewRun, paramsOfOpenRun, refuseOtherParams } from './run-params.ts';

export interface OpeningOptions extends Omit<Archiving, 'file' | 'pipelineName'> {
  stateDirectory: string;
  /** Keys whose values are secrets although they do not look like secrets. */
  redact: readonly string[];
  /** The pipeline's file, absolute, by the path that was given. */
  pipelineFile: string;
  pipeline: Pick<PipelineDescription, 'name' | 'params' | 'fingerprint' | 'deterministic' | 'sink'>;
  /** The values that were given for the pipeline's params. */
  params: GivenParams;
  /** Start over: the old queue is archived. */
  fresh: boolean;
  /** Start a new run when the last one is finished. */
  again: boolean;
  /** The operator declares that this is the queue's pipeline under another name or path, or with another sink. */
  moved: boolean;
  /** The operator declares that the source yields the same items as it did when the open run began. */
  sameSource: boolean;
}

/** What to do, according to the state directory. */
export type Opening =
  ({ status: 'open'; isNew: boolean } & Opened) | ({ status: 'finished' } & Opened) | { status: 'stopped' };

interface Opened {
  spool: Spool;
  run: RunRecord;
  /** A start with `again` found this run open, and the new run that should follow has not started. */
  owesAnother: boolean;
}

/** The spool's file in a state directory. */
export function spoolFile(stateDirectory: string): string {
  return join(stateDirectory, 'queue.db');
}

/**
 * Locks the state directory, by opening its spool, and finds the run to work on: the open one, or a new one if there
 * is none, or none at all if the last one is finished and no new one was requested. An open run comes first even if
 * a new one was requested: the caller starts that when this one is finished.
 */
export async function openRun(options: OpeningOptions): Promise<Opening> {
  const { stateDirectory, durability, pipeline, fresh, again, moved, events, clock } = options;
  const file = spoolFile(stateDirectory);
  const pipelineName = moved ? undefined : pipeline.name;
  const archived = fresh
    ? await archiveQueue({ ...options, file, pipelineName })
    : { status: 'archived' as const, limits: [] };
  if (archived.status === 'stopped') return archived;
  const spool = await openSpool({ file, durability, pipeline: pipelineName, startedAt: clock.wall() }, options);
  if (!spool) return { status: 'stopped' };
  try {
    const last = spool.store.run();
    const declarations: Declaration[] = [];
    const declare = (what: Declaration['what'], change: Pick<Declaration, 'was' | 'isNow'>): void => {
      declarations.push({ at: clock.wall(), run: last?.run ?? '', what, ...change });
    };
    const owner = ownerOf(options);
    const recorded = spool.claims.owner();
    const ownership = ownershipOf({
      recorded,
      ours: owner,
      relation: recorded ? relationOf(recorded.file, owner.file) : 'same',
      run: last,
      fingerprint: pipeline.fingerprint,
      stateDirectory,
      moved,
      again,
    });
    if (ownership.status === 'refused') throw ownership.error;
    if (ownership.status === 'claimed') {
      for (const change of ownership.changes) declare('moved', change);
      if (ownership.notice !== null) events.emit('warning', { code: 'MOVED', message: ownership.notice });
    }
    if (last?.state === 'running') {
      const change = compareFingerprints(last.fingerprint, pipeline, last.position, options);
      if (change.status === 'refused') throw change.error;
      if (change.status === 'declared') declare('same source', { was: last.fingerprint, isNow: pipeline.fingerprint });
      if (change.status !== 'same') events.emit('warning', { code: 'PIPELINE_CHANGED', message: change.message });
    }
    // An open run is finished with its own params before the new run, which gets the given ones.
    const given = again ? noParams : options.params;
    if (last?.state === 'finished' && !again) refuseOtherParams(pipeline.params, given, last);
    const isOwed = spool.claims.declarations().some(({ what, run }) => what === 'again' && run === last?.run);
    const owesAnother = isOwed || (again && last !== undefined && last.state !== 'finished');
    // Recorded now, in case the command is killed before it starts the new run.
    if (owesAnother && !isOwed) declare('again', { was: '', isNow: '' });
    const resumed = last && {
      ...last,
      fingerprint: pipeline.fingerprint,
      params: last.state === 'finished' ? last.params : paramsOfOpenRun(pipeline.params, given, last),
      doneElsewhere: ownership.status === 'claimed' && ownership.isSinkNew ? last.done : last.doneElsewhere,
    };
    spool.claims.noteRedacted(options.redact);
    if (ownership.status === 'claimed' || declarations.length > 0) {
      // The new fingerprint is recorded with the declaration, so that the next start needs no flag.
      spool.claims.claim(owner, declarations, resumed);
    }
    for (const message of doubtsAbout(stateDirectory)) events.emit('warning', { code: 'STATE_DIRECTORY', message });
    if (!last || !resumed) {
      const run = newRun(options, 1);
      const { limits } = archived;
      if (limits.length > 0) {
        spool.store.commit({
          run,
          frames: [],
          progress: [],
          retries: [],
          retriesGone: [],
          dead: [],
          revived: [],
          purged: [],
          limits,
          cursors: [],
        });
      }
      return { status: 'open', spool, run, isNew: true, owesAnother: false };
    }
    if (last.state === 'finished') {
      if (!again) return { status: 'finished', spool, run: last, owesAnother };
      return { status: 'open', spool, run: newRun(options, last.nextSeq), isNew: true, owesAnother: false };
    }
    return { status: 'open', spool, run: resumed, isNew: false, owesAnother };
  } catch (error) {
    spool.close('unused');
    throw error;
  }
}

const noParams: GivenParams = new Map();

function ownerOf({ pipelineFile, pipeline: { name, sink } }: OpeningOptions): QueueOwner {
  return { pipeline: name, file: pipelineFile, sinkKind: sink.kind, sinkTarget: sink.target };
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
