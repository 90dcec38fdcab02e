import type { DeadLetters } from '../../core/dead-letters.ts';
import { usageError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { plural } from '../../core/figures.ts';
import type { CommandLine } from '../command.ts';
import type { Shell } from '../shell.ts';
import type { OpenLetters } from './letters.ts';
import { openLetters } from './open-letters.ts';
import { requireSelection, selected, selectionOf } from './selection.ts';

/** How many letters are changed together: each such group is one transaction of the supervisor. */
const atOnce = 500;

/** `millrace dead retry`: returns dead letters to the queue. */
export async function deadRetry(line: CommandLine, shell: Shell): Promise<number> {
  return await changeSelected(line, shell, async (seqs, changing) => {
    const { given, next } = await changing(async (letters) => {
      const missing = await inGroups(seqs, (group) => letters.giveBack(group));
      return { given: seqs.length - missing, next: whatNext(letters) };
    });
    await shell.out(`${plural(given, 'dead letter')} returned to the queue: ${next}\n`);
  });
}

/** `millrace dead purge`: deletes dead letters. Asks first. */
export async function deadPurge(line: CommandLine, shell: Shell): Promise<number> {
  return await changeSelected(line, shell, async (seqs, changing) => {
    if (!line.flags['yes']) await confirm(`Delete ${plural(seqs.length, 'dead letter')} for good? [y/N] `, shell);
    const missing = await changing((letters) => inGroups(seqs, (group) => letters.purge(group)));
    await shell.out(`${plural(seqs.length - missing, 'dead letter')} deleted\n`);
  });
}

/** Printed after letters were returned to the queue: what will run them, and when. */
export function whatNext({ next }: OpenLetters): string {
  if (next === null) return 'the pipeline retries them now';
  return next === 'resumes'
    ? 'the next millrace run retries them'
    : 'the finished run is open again; the next millrace run processes only these';
}

/**
 * Calls `work` with the letters that the command line selects, if there are any. The queue is locked only while
 * `changing`, so neither a person who is asked nor a reader of the output keeps a pipeline from starting.
 */
async function changeSelected(
  line: CommandLine,
  shell: Shell,
  work: (
    seqs: readonly number[],
    changing: <T>(change: (letters: OpenLetters) => Promise<T>) => Promise<T>,
  ) => Promise<void>,
): Promise<number> {
  requireSelection(line);
  const seqs = await opened(line, shell, 'look', (letters) => seqsOf(letters, line, shell));
  if (seqs.length === 0) await shell.out('no dead letter matches\n');
  else await work(seqs, (change) => opened(line, shell, 'change', change));
  return exitCodes.ok;
}

async function opened<T>(
  line: CommandLine,
  shell: Shell,
  purpose: 'look' | 'change',
  work: (letters: OpenLetters) => Promise<T>,
): Promise<T> {
  const letters = await openLetters(line, shell, purpose);
  try {
    return await work(letters);
  } finally {
    letters.close();
  }
}

async function seqsOf(letters: DeadLetters, line: CommandLine, { clock }: Shell): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of selected(letters, selectionOf(line, clock.wall()))) seqs.push(seq);
  return seqs;
}

/** Resolves to how many of them no longer existed. */
async function inGroups(
  seqs: readonly number[],
  change: (group: readonly number[]) => Promise<number[]>,
): Promise<number> {
  let missing = 0;
  for (let i = 0; i < seqs.length; i += atOnce) missing += (await change(seqs.slice(i, i + atOnce))).length;
  return missing;
}

async function confirm(question: string, { terminal }: Shell): Promise<void> {
  if (!terminal) throw usageError('deleting is final; without a terminal to ask on, confirm it with --yes');
  if (!/^y(es)?$/i.test((await terminal.ask(question)).trim())) throw usageError('nothing was deleted');
}
