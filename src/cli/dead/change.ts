import { usageError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import type { DeadLetters } from '../../observability/dead-letters.ts';
import { plural } from '../../core/figures.ts';
import type { CommandLine } from '../command.ts';
import type { Shell } from '../shell.ts';
import type { OpenLetters } from './letters.ts';
import { openLetters } from './open-letters.ts';
import { requireSelection, selected, selectionOf } from './selection.ts';

/** How many are changed together: each such group is one transaction of the supervisor's. */
const atOnce = 500;

/** `millrace dead retry`: puts dead letters back into the queue. */
export async function deadRetry(line: CommandLine, shell: Shell): Promise<number> {
  return await changeSelected(line, shell, async (letters, seqs) => {
    const given = seqs.length - (await inGroups(seqs, (group) => letters.giveBack(group)));
    await shell.out(`${plural(given, 'dead letter')} given back: ${whatNext(letters)}\n`);
  });
}

/** `millrace dead purge`: deletes dead letters. Asks first. */
export async function deadPurge(line: CommandLine, shell: Shell): Promise<number> {
  return await changeSelected(line, shell, async (letters, seqs) => {
    if (!line.flags['yes']) await confirm(`Delete ${plural(seqs.length, 'dead letter')} for good? [y/N] `, shell);
    const purged = seqs.length - (await inGroups(seqs, (group) => letters.purge(group)));
    await shell.out(`${plural(purged, 'dead letter')} deleted\n`);
  });
}

/** Said after letters were given back: who will run them, and when. */
export function whatNext({ next }: OpenLetters): string {
  if (next === null) return 'the pipeline tries them now';
  return next === 'goes on'
    ? 'the next millrace run tries them'
    : 'the finished run is open again, and the next millrace run does just these';
}

async function changeSelected(
  line: CommandLine,
  shell: Shell,
  change: (letters: OpenLetters, seqs: readonly number[]) => Promise<void>,
): Promise<number> {
  requireSelection(line);
  const letters = await openLetters(line, shell, 'change');
  try {
    const seqs = await seqsOf(letters, line, shell);
    if (seqs.length === 0) await shell.out('no dead letter is like that\n');
    else await change(letters, seqs);
    return exitCodes.ok;
  } finally {
    letters.close();
  }
}

async function seqsOf(letters: DeadLetters, line: CommandLine, { clock }: Shell): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of selected(letters, selectionOf(line, clock.wall()))) seqs.push(seq);
  return seqs;
}

/** Resolves to how many of them were no more there. */
async function inGroups(
  seqs: readonly number[],
  change: (group: readonly number[]) => Promise<number[]>,
): Promise<number> {
  let missing = 0;
  for (let i = 0; i < seqs.length; i += atOnce) missing += (await change(seqs.slice(i, i + atOnce))).length;
  return missing;
}

async function confirm(question: string, { terminal }: Shell): Promise<void> {
  if (!terminal) throw usageError('what is deleted is gone; without a terminal to ask on it wants --yes as well');
  if (!/^y(es)?$/i.test((await terminal.ask(question)).trim())) throw usageError('nothing was deleted');
}
