import { configError, type MillraceError } from '../core/errors.ts';
import type { SourcePosition } from '../frame/position.ts';

export type Comparison =
  { status: 'same' } | { status: 'changed'; message: string } | { status: 'refused'; error: MillraceError };

/**
 * May an open run go on with this version of the pipeline? With an explicit cursor, yes: the source knows where it
 * is. Counting items is only right if the source yields what it yielded before, which a changed file cannot promise.
 */
export function compareFingerprints(runs: string, files: string, position: SourcePosition): Comparison {
  if (runs === files) return { status: 'same' };
  if (position.cursor !== null || position.count === 0) {
    return {
      status: 'changed',
      message: 'the pipeline has changed since this run began; the source goes on from its cursor',
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
