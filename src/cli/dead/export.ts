import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeError, errorData, MillraceError, usageError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { itemToJson } from '../../frame/item-json.ts';
import { plural } from '../../core/figures.ts';
import type { CommandLine } from '../command.ts';
import type { Shell } from '../shell.ts';
import type { OpenLetters } from './letters.ts';
import { openLetters } from './open-letters.ts';
import { selected, selectionOf } from './selection.ts';

/** `millrace dead export`: dead letters as JSON lines, with their complete items. */
export async function deadExport(line: CommandLine, shell: Shell): Promise<number> {
  const letters = await openLetters(line, shell, 'look');
  try {
    const { to } = line.flags;
    if (typeof to === 'string') await toFile(resolve(shell.cwd, to), letters, line, shell);
    else await writeAll(letters, line, shell, shell.out);
    return exitCodes.ok;
  } finally {
    letters.close();
  }
}

async function toFile(path: string, letters: OpenLetters, line: CommandLine, shell: Shell): Promise<void> {
  // Readable only by its owner from the first moment; never overwrites an existing file.
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw usageError(`--to: ${describeError(errorData(error))}`);
  });
  try {
    const count = await writeAll(letters, line, shell, (text) => written(file.appendFile(text), path));
    await written(file.sync(), path);
    await shell.err(`${plural(count, 'dead letter')} written to ${path}\n`);
  } catch (error) {
    // A partial export must not look like a complete one.
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function written(write: Promise<void>, path: string): Promise<void> {
  await write.catch((error: unknown) => {
    const message = `${path} cannot be written: ${describeError(errorData(error))}`;
    throw new MillraceError('OUTPUT', message, { cause: error, exitCode: exitCodes.io });
  });
}

async function writeAll(
  letters: OpenLetters,
  line: CommandLine,
  { clock }: Shell,
  write: (text: string) => Promise<void>,
): Promise<number> {
  let count = 0;
  for await (const { seq } of selected(letters, selectionOf(line, clock.wall()))) {
    const letter = await letters.read(seq);
    if (!letter) continue;
    await write(`${JSON.stringify({ ...letter, item: itemToJson(letter.item) })}\n`);
    count++;
  }
  return count;
}
