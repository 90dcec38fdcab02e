import { configError, type MillraceError } from '../../core/errors.ts';
import type { Declaration, QueueOwner } from '../../queue/claims.ts';
import type { RunRecord } from '../../queue/store.ts';

/** How the file that the queue belongs to relates to the file that runs now. */
export type FileRelation = 'same' | 'another' | 'old one is gone';

export interface OwnershipQuestion {
  /** As recorded; null if no pipeline has claimed the queue yet. */
  recorded: QueueOwner | null;
  ours: QueueOwner;
  relation: FileRelation;
  run: RunRecord | undefined;
  fingerprint: string;
  stateDirectory: string;
  /** The operator declares that the changes are intended. */
  moved: boolean;
  /** A new run was requested. */
  again: boolean;
}

export type Ownership =
  | { status: 'ours' }
  /**
   * The owner must be recorded again; `changes` were declared by the operator. `isSinkNew`: the run continues with another
   * sink.
   */
  | { status: 'claimed'; changes: Pick<Declaration, 'was' | 'isNow'>[]; isSinkNew: boolean; notice: string | null }
  | { status: 'refused'; error: MillraceError };

interface Change {
  field: 'name' | 'file' | 'sink';
  was: string;
  isNow: string;
}

/**
 * May this pipeline continue with the queue? An open run belongs to the file that started it, and its results belong in
 * one sink. While no item is done, another sink is a correction and not a change: often the first start fails and shows
 * that the sink is wrong. Another path is the same file if it leads there, or if nothing remains at the old path and
 * the version is the same: then the file was moved.
 */
export function ownershipOf(question: OwnershipQuestion): Ownership {
  const { recorded, ours, run, moved, again } = question;
  if (recorded === null) return { status: 'claimed', changes: [], isSinkNew: false, notice: null };
  const changes = changesBetween(recorded, ours, question);
  // The name was checked where the file is opened: here it matches, or was declared with --moved.
  const isFree = run === undefined || (run.state === 'finished' ? again : !hasBegun(run));
  if (isFree || moved) {
    const declared = isFree ? [] : changes;
    return isSame(recorded, ours)
      ? { status: 'ours' }
      : {
          status: 'claimed',
          changes: declared.map(asDeclared),
          isSinkNew: declared.some(({ field }) => field === 'sink'),
          notice: noticeOf(question, declared),
        };
  }
  // The results of a finished run are written, so only the file matters.
  const objections = run.state === 'finished' ? changes.filter(({ field }) => field === 'file') : changes;
  if (objections.length > 0) return { status: 'refused', error: refusal(question, objections) };
  if (run.state === 'finished' || isSame(recorded, ours)) return { status: 'ours' };
  return { status: 'claimed', changes: [], isSinkNew: false, notice: noticeOf(question, []) };
}

function changesBetween(
  recorded: QueueOwner,
  ours: QueueOwner,
  { relation, run, fingerprint }: Pick<OwnershipQuestion, 'relation' | 'run' | 'fingerprint'>,
): Change[] {
  const hasResults = run !== undefined && run.done > 0;
  const isMoved = relation === 'old one is gone' && run?.fingerprint === fingerprint;
  const sinkOf = ({ sinkKind, sinkTarget }: QueueOwner): string =>
    sinkKind === sinkTarget ? sinkKind : `${sinkKind} (${sinkTarget})`;
  const all: Change[] = [
    { field: 'name', was: recorded.pipeline, isNow: ours.pipeline },
    { field: 'file', was: recorded.file, isNow: relation === 'same' || isMoved ? recorded.file : ours.file },
    { field: 'sink', was: sinkOf(recorded), isNow: hasResults ? sinkOf(ours) : sinkOf(recorded) },
  ];
  return all.filter(({ was, isNow }) => was !== isNow);
}

/** For a run that has not begun, nothing has been read and nothing written. */
function hasBegun({ stored, position }: RunRecord): boolean {
  return stored > 0 || position.cursor !== null || position.count > 0;
}

function isSame(a: QueueOwner, b: QueueOwner): boolean {
  return (['pipeline', 'file', 'sinkKind', 'sinkTarget'] as const).every((field) => a[field] === b[field]);
}

function asDeclared({ field, was, isNow }: Change): Pick<Declaration, 'was' | 'isNow'> {
  return { was: `${field} ${was}`, isNow: `${field} ${isNow}` };
}

function noticeOf({ recorded, ours, relation }: OwnershipQuestion, declared: readonly Change[]): string | null {
  if (declared.length > 0) {
    const changes = declared.map(({ field, was, isNow }) => `${field}: ${was} is now ${isNow}`);
    return `the run continues with what changed (--moved): ${changes.join('; ')}`;
  }
  return recorded === null || relation === 'same' ? null : `the pipeline file ${recorded.file} is now ${ours.file}`;
}

function refusal({ stateDirectory, run }: OwnershipQuestion, changes: readonly Change[]): MillraceError {
  const isFinished = run?.state === 'finished';
  const what = isFinished ? 'the last run' : 'a run that is still open';
  const differences = changes.map(({ field, was, isNow }) => `its ${field} was ${was} and is now ${isNow}`);
  const waysOut = [
    ...(isFinished ? ['start a new run with this file: --again'] : []),
    'if this is the same pipeline, moved or changed on purpose: --moved',
    ...(changes.some(({ field }) => field === 'file')
      ? ['if it is another pipeline: give it its own name and --state directory']
      : ['otherwise undo the change']),
  ];
  return configError(
    'OTHER_FILE_OR_SINK',
    `the queue in ${stateDirectory} holds ${what}, and ${differences.join(', and ')}. Nothing was changed. ` +
      `Your options: ${waysOut.join('; ')}.`,
  );
}
