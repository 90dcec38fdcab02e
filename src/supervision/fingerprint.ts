import { configError, type MillraceError } from '../core/errors.ts';
import type { SourcePosition } from '../frame/position.ts';
import type { PipelineDescription } from '../ipc/messages.ts';
import type { RunRecord } from '../queue/store.ts';

export type Comparison =
  { status: 'same' } | { status: 'changed'; message: string } | { status: 'refused'; error: MillraceError };

/**
 * May an open run, begun by the version `runs`, go on with this one? With an explicit cursor, yes: the source knows
 * where it is. Counting items is only right if the source yields what it yielded before, which a changed file cannot
 * promise; one that promises nothing is not counted.
 */
export function compareFingerprints(
  runs: string,
  { fingerprint, deterministic }: Pick<PipelineDescription, 'fingerprint' | 'deterministic'>,
  position: SourcePosition,
): Comparison {
  if (runs === fingerprint) return { status: 'same' };
  const isCounted = position.cursor === null && position.count > 0;
  if (!isCounted || !deterministic) {
    const goesOn = isCounted
      ? 'from its start, as it is not deterministic: items that are stored may come twice'
      : 'from its cursor';
    return {
      status: 'changed',
      message: `the pipeline has changed since this run began; the source goes on ${goesOn}`,
    };
  }
  return {
    status: 'refused',
    error: configError(
      'PIPELINE_CHANGED',
      `the pipeline has changed since this run began, and its source is resumed by counting: after ${position.count} items nobody can tell where it was. ` +
        'Finish the run with the old version, or start over with --fresh (the old queue is moved aside), ' +
        'or give the pipeline a `version` that stays the same when the source does.',
    ),
  };
}

/**
 * May the consumers of a running pipeline be replaced by ones with this version's code? The producer goes on with the old
 * one; but if it has to be replaced some day, its successor runs the new one, and must be able to go on where it was.
 */
export function compareForReload(
  { fingerprint: runs, state, position }: Pick<RunRecord, 'fingerprint' | 'state' | 'position'>,
  { fingerprint, deterministic }: Pick<PipelineDescription, 'fingerprint' | 'deterministic'>,
): Comparison {
  if (runs === fingerprint || state !== 'running') return { status: 'same' };
  if (position.cursor !== null || !deterministic) {
    return {
      status: 'changed',
      message:
        'the pipeline has changed since this run began: the consumers get the new code; the producer goes on with the old one until it is replaced or the next run begins',
    };
  }
  return {
    status: 'refused',
    error: configError(
      'PIPELINE_CHANGED',
      'the file has changed, and with it perhaps the source, while a run is open that is resumed by counting items. ' +
        'Let the run finish, or start over with --fresh (the old queue is moved aside). ' +
        'A pipeline that has had a `version` since its run began, and still has the same, can be reloaded at any time: say by it that the source is the same.',
    ),
  };
}
