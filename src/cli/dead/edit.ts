import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeError, errorData, usageError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { ItemError } from '../../frame/item-error.ts';
import { itemFromJson, itemToJson } from '../../frame/item-json.ts';
import type { CommandLine } from '../command.ts';
import type { Shell } from '../shell.ts';
import type { DeadLetter, RecordFacts } from '../../core/dead-letters.ts';
import { whatNext } from './change.ts';
import { openLetters } from './open-letters.ts';

/** `millrace dead edit`: returns a dead letter to the queue with a changed item, given as JSON. */
export async function deadEdit(line: CommandLine, shell: Shell): Promise<number> {
  const seq = oneSeq(line);
  const letter = await look(seq, line, shell);
  // Before the queue is locked: a person may take their time.
  const item = await (letter.record ? recordGiven(letter, letter.record, line, shell) : itemGiven(letter, line, shell));
  const next = await giveBackAs(seq, item, line, shell);
  await shell.out(`dead letter ${seq} given back with another ${letter.record ? 'text' : 'item'}: ${next}\n`);
  return exitCodes.ok;
}

async function look(seq: number, line: CommandLine, shell: Shell): Promise<DeadLetter> {
  const letters = await openLetters(line, shell, 'look');
  try {
    const letter = await letters.read(seq);
    if (!letter) throw noSuchLetter(seq);
    return letter;
  } finally {
    letters.close();
  }
}

async function itemGiven({ item }: DeadLetter, { flags }: CommandLine, shell: Shell): Promise<unknown> {
  const { json, file } = flags;
  if (typeof json === 'string') return itemOf(json);
  if (typeof file === 'string') return itemOf((await readGiven(file, shell)).toString());
  return itemOf(await edited(`${JSON.stringify(itemToJson(item), null, 2)}\n`, shell));
}

async function recordGiven(
  { seq, item }: DeadLetter,
  { base64, encoding, length }: RecordFacts,
  { flags }: CommandLine,
  shell: Shell,
): Promise<unknown> {
  const { json, file } = flags;
  if (typeof file === 'string') return await readGiven(file, shell);
  if (length !== undefined)
    throw usageError(`only the beginning of dead letter ${seq} is kept; give the whole record by --file`);
  if (base64 !== undefined)
    throw usageError(`the bytes of dead letter ${seq} are not exactly text in ${encoding}; give them by --file`);
  return typeof json === 'string' ? itemOf(json) : await edited(String(item), shell);
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

async function readGiven(file: string, { cwd }: Shell): Promise<Buffer> {
  return await readFile(resolve(cwd, file)).catch((error: unknown) => {
    throw usageError(`--file: ${describeError(errorData(error))}`);
  });
}

async function edited(before: string, { terminal }: Shell): Promise<string> {
  if (!terminal) throw usageError('without a terminal to edit on it needs the item by --json or --file');
  const after = await terminal.edit(before);
  if (after === before) throw usageError('nothing was changed; to retry it as it is, use millrace dead retry');
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
