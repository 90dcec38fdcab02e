import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeError, errorData, usageError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { ItemError } from '../../frame/item-error.ts';
import { itemFromJson, itemToJson } from '../../frame/item-json.ts';
import type { CommandLine } from '../command.ts';
import type { Shell } from '../shell.ts';
import { whatNext } from './change.ts';
import { openLetters } from './open-letters.ts';

/** `millrace dead edit`: puts a dead letter back into the queue with another item, which is given as JSON. */
export async function deadEdit(line: CommandLine, shell: Shell): Promise<number> {
  const seq = oneSeq(line);
  // Before the queue is locked: a person may take their time.
  const text = givenText(line, shell) ?? (await editedText(seq, line, shell));
  const item = itemOf(await text);
  const next = await giveBackAs(seq, item, line, shell);
  await shell.out(`dead letter ${seq} given back with another item: ${next}\n`);
  return exitCodes.ok;
}

/** Returns what happens to the item next. */
async function giveBackAs(seq: number, item: unknown, line: CommandLine, shell: Shell): Promise<string> {
  const letters = await openLetters(line, shell, 'change');
  try {
    const [missing] = await letters.giveBackAs(seq, item);
    if (missing !== undefined) throw noSuchLetter(seq);
    return whatNext(letters);
  } catch (error) {
    throw error instanceof ItemError ? usageError(error.message) : error;
  } finally {
    letters.close();
  }
}

function oneSeq({ seqs }: CommandLine): number {
  const [range, ...others] = seqs;
  if (range && others.length === 0 && range[0] === range[1]) return range[0];
  throw usageError('expected the seq of one dead letter');
}

function givenText({ flags }: CommandLine, { folder }: Shell): string | Promise<string> | undefined {
  const { json, file } = flags;
  if (typeof json === 'string') return json;
  if (typeof file !== 'string') return undefined;
  return readFile(resolve(folder, file), 'utf8').catch((error: unknown) => {
    throw usageError(`--file: ${describeError(errorData(error))}`);
  });
}

async function editedText(seq: number, line: CommandLine, shell: Shell): Promise<string> {
  if (!shell.terminal) throw usageError('without a terminal to edit on it wants the item by --json or --file');
  const letters = await openLetters(line, shell, 'look');
  let before: string;
  try {
    const letter = await letters.read(seq);
    if (!letter) throw noSuchLetter(seq);
    before = `${JSON.stringify(itemToJson(letter.item), null, 2)}\n`;
  } finally {
    letters.close();
  }
  const after = await shell.terminal.edit(before);
  if (after === before) throw usageError('nothing was changed; to give it back as it is, use millrace dead retry');
  return after;
}

function itemOf(text: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw usageError(`expected the item as JSON: ${describeError(errorData(error))}`);
  }
  try {
    return itemFromJson(json);
  } catch (error) {
    throw usageError(`the item: ${describeError(errorData(error))}`);
  }
}

function noSuchLetter(seq: number): Error {
  return usageError(`there is no dead letter ${seq}`);
}
