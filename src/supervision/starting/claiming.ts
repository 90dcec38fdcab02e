import type { Clock } from '../../core/clock.ts';
import type { GivenParams } from '../../core/params.ts';
import type { PipelineDescription } from '../../ipc/messages.ts';
import type { EventBus } from '../../observability/events.ts';
import type { Claims, Declaration, QueueOwner } from '../../queue/claims.ts';
import type { RunRecord } from '../../queue/store.ts';
import { compareFingerprints } from '../replacing/fingerprint.ts';
import { relationOf } from './file-relation.ts';
import { ownershipOf } from './ownership.ts';
import { paramsOfOpenRun, refuseOtherParams } from './run-params.ts';

export interface ClaimingOptions {
  stateDirectory: string;
  /** The pipeline's file, absolute, by the path that was given. */
  pipelineFile: string;
  pipeline: Pick<PipelineDescription, 'name' | 'params' | 'fingerprint' | 'deterministic' | 'source' | 'sink'>;
  /** The values that were given for the pipeline's params. */
  params: GivenParams;
  /** Keys whose values are secrets although they do not look like secrets. */
  redact: readonly string[];
  /** Start a new run when the last one is finished. */
  again: boolean;
  /** The operator declares that this is the queue's pipeline under another name or path, or with another sink. */
  moved: boolean;
  /** The operator declares that the source yields the same items as it did when the open run began. */
  sameSource: boolean;
  clock: Clock;
  events: EventBus;
}

/** The state with which a pipeline that has claimed its queue continues. */
export interface Claimed {
  /** The last run, as this pipeline resumes it; undefined in a new queue. */
  resumed: RunRecord | undefined;
  /** A start with `again` found this run open, and the new run that should follow has not started. */
  owesAnother: boolean;
}

/**
 * Checks that the queue is this pipeline's and that its open run can continue with this version, and records what the
 * operator declared about that. Throws (exit 78) if it is another pipeline's queue or the run cannot continue.
 */
export function claim(claims: Claims, last: RunRecord | undefined, options: ClaimingOptions): Claimed {
  const { pipeline, stateDirectory, moved, again, events, clock } = options;
  const declarations: Declaration[] = [];
  const declare = (what: Declaration['what'], change: Pick<Declaration, 'was' | 'isNow'>): void => {
    declarations.push({ at: clock.wall(), run: last?.run ?? '', what, ...change });
  };
  const owner = ownerOf(options);
  const recorded = claims.owner();
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
  const isOwed = claims.declarations().some(({ what, run }) => what === 'again' && run === last?.run);
  const owesAnother = isOwed || (again && last !== undefined && last.state !== 'finished');
  // Recorded now, in case the command is killed before it starts the new run.
  if (owesAnother && !isOwed) declare('again', { was: '', isNow: '' });
  const resumed = last && {
    ...last,
    fingerprint: pipeline.fingerprint,
    params: last.state === 'finished' ? last.params : paramsOfOpenRun(pipeline.params, given, last),
    doneElsewhere: ownership.status === 'claimed' && ownership.isSinkNew ? last.done : last.doneElsewhere,
  };
  claims.noteRedacted(options.redact);
  if (ownership.status === 'claimed' || declarations.length > 0) {
    // The new fingerprint is recorded with the declaration, so that the next start needs no flag.
    claims.claim(owner, declarations, resumed);
  }
  return { resumed, owesAnother };
}

const noParams: GivenParams = new Map();

function ownerOf({ pipelineFile, pipeline: { name, sink } }: ClaimingOptions): QueueOwner {
  return { pipeline: name, file: pipelineFile, sinkKind: sink.kind, sinkTarget: sink.target };
}
