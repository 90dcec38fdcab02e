import type { DeadLetters, DeadSummary } from '../../core/dead-letters.ts';
import { describeError, usageError } from '../../core/errors.ts';
import { parseDuration } from '../../core/units.ts';
import type { CommandLine } from '../command.ts';
import type { SeqRange } from '../seq-ranges.ts';
import { selectionFlags } from './selection-flags.ts';

/** A selection of dead letters: those for which all of this is true. */
export interface Selection {
  /** Empty: any. */
  seqs: readonly SeqRange[];
  /** Part of the reason or the error, in lower case. */
  reason: string | undefined;
  /** Wall-clock times between which they died. */
  after: number;
  before: number;
}

/** The selection on the command line; throws a usage error if it is wrong. `wall`: the time now. */
export function selectionOf({ seqs, flags }: CommandLine, wall: number): Selection {
  const age = (flag: string): number | undefined => {
    const value = flags[flag];
    if (value === undefined) return undefined;
    try {
      return wall - parseDuration(value);
    } catch (error) {
      throw usageError(`--${flag}: ${(error as Error).message}`);
    }
  };
  const { reason } = flags;
  return {
    seqs,
    reason: typeof reason === 'string' ? reason.toLowerCase() : undefined,
    before: age('older') ?? Infinity,
    after: age('newer') ?? -Infinity,
  };
}

/** Whether the command line selects any letters. */
export function hasSelection({ seqs, flags }: CommandLine): boolean {
  return seqs.length > 0 || selectionFlags.some(({ name }) => flags[name] !== undefined);
}

/** Throws a usage error if the command line has neither a selection nor --all. */
export function requireSelection(line: CommandLine): void {
  const isAll = line.flags['all'] === true;
  if (isAll && hasSelection(line)) throw usageError('--all cannot be given with other selections');
  if (isAll || hasSelection(line)) return;
  throw usageError(
    `expected a selection: seqs (3 5-9), --reason, --older, --newer or --all\nsee millrace ${line.command.name} --help`,
  );
}

const pageSize = 200;

/** The selected dead letters, by seq. Throws a usage error if a letter that was named individually does not exist. */
export async function* selected(letters: DeadLetters, selection: Selection): AsyncGenerator<DeadSummary> {
  const ranges = selection.seqs.length === 0 ? [[1, Infinity] as const] : merged(selection.seqs);
  for (const [from, to] of ranges) {
    let isThere = false;
    for (let after = from - 1; after < to;) {
      const page = await letters.list({ after, limit: from === to ? 1 : pageSize });
      for (const letter of page) {
        if (letter.seq > to) break;
        isThere = true;
        if (isMeant(letter, selection)) yield letter;
      }
      const last = page.at(-1);
      if (!last || last.seq >= to) break;
      after = last.seq;
    }
    if (from === to && !isThere) throw usageError(`there is no dead letter ${from}`);
  }
}

function isMeant({ reason, error, diedAt }: DeadSummary, selection: Selection): boolean {
  if (diedAt > selection.before || diedAt < selection.after) return false;
  if (selection.reason === undefined) return true;
  return [reason, error.code, describeError(error)].some((text) => text.toLowerCase().includes(selection.reason!));
}

/** In order, and no seq twice. */
function merged(ranges: readonly SeqRange[]): SeqRange[] {
  const result: SeqRange[] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last && from <= last[1]) result[result.length - 1] = [last[0], Math.max(last[1], to)];
    else result.push([from, to]);
  }
  return result;
}
