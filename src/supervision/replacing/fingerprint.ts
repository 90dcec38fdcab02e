import { configError, type MillraceError } from '../../core/errors.ts';
import type { SourcePosition } from '../../frame/position.ts';
import type { PipelineDescription } from '../../ipc/messages.ts';
import type { RunRecord } from '../../queue/store.ts';

export type Comparison =
  | { status: 'same' }
  | { status: 'changed'; message: string }
  /** It would be refused if the operator had not declared that the source is the same. */
  | { status: 'declared'; message: string }
  | { status: 'refused'; error: MillraceError };

/**
 * May an open run, started by version `runs`, resume with this version? With an explicit cursor, yes: the source knows
 * its position. Skipping by count is only right if the source yields the same items as before, which a changed file
 * cannot promise; a source that promises nothing is not skipped by count.
 */
export function compareFingerprints(
  runs: string,
  { fingerprint, deterministic }: Pick<PipelineDescription, 'fingerprint' | 'deterministic'>,
  position: SourcePosition,
  { sameSource }: { sameSource: boolean } = { sameSource: false },
): Comparison {
  if (runs === fingerprint) return { status: 'same' };
  const isCounted = position.cursor === null && position.count > 0;
  if (!isCounted || !deterministic) {
    const goesOn = isCounted
      ? 'from its start, because it is not deterministic: stored items may come twice'
      : 'from its cursor';
    return {
      status: 'changed',
      message: `the pipeline has changed since this run began; the source resumes ${goesOn}`,
    };
  }
  if (sameSource) {
    return {
      status: 'declared',
      message: `the pipeline has changed since this run began; its source is declared to be the same (--same-source), so it skips the ${position.count} items that are stored`,
    };
  }
  return {
    status: 'refused',
    error: configError(
      'PIPELINE_CHANGED',
      `the pipeline has changed since this run began. Its source resumes by count: it skips the first ${position.count} items, which is wrong if the source now yields other items. ` +
        'If the source still yields the same items in the same order, start once with --same-source. ' +
        'Otherwise finish the run with the old version of the file, or start over with --fresh (the old queue is archived). ' +
        'For later runs: a `version` in the pipeline, or checkpoints in its source, allow such changes without this check.',
    ),
  };
}

/**
 * May the consumers of a running pipeline be replaced by consumers with this version's code? The producer keeps the old
 * code. But if it has to be replaced some day, its successor runs the new code and must be able to resume.
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
        'the pipeline has changed since this run began: the consumers get the new code; the producer keeps the old code until it is replaced or the next run begins',
    };
  }
  return { status: 'refused', error: changedUnderneath() };
}

/** The file was edited under a running pipeline whose source resumes by count. */
export function changedUnderneath(): MillraceError {
  return configError(
    'PIPELINE_CHANGED',
    'the file has changed during an open run whose source resumes by count, so the source may have changed too. ' +
      'If the source still yields the same items in the same order, stop the pipeline and start it once with --same-source. ' +
      'Otherwise undo the change and let the run finish, or start over with --fresh (the old queue is archived). ' +
      'A pipeline that had a `version` when its run began, and still has the same, can be reloaded at any time.',
  );
}
