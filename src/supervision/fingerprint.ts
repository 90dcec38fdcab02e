import { configError, type MillraceError } from '../core/errors.ts';
import type { SourcePosition } from '../frame/position.ts';
import type { PipelineDescription } from '../ipc/messages.ts';

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
