import { exitCodes } from '../../core/exit-codes.ts';
import { itemToJson } from '../../frame/item-json.ts';
import { redactLetter } from '../../observability/redact-letter.ts';
import type { CommandLine } from '../command.ts';
import type { Shell } from '../shell.ts';
import { openLetters } from './open-letters.ts';
import { requireSelection, selected, selectionOf } from './selection.ts';
import { letterText } from './show-text.ts';

/** `millrace dead show`: everything that is known about dead letters, each with its item, without secrets. */
export async function deadShow(line: CommandLine, shell: Shell): Promise<number> {
  requireSelection(line);
  const letters = await openLetters(line, shell, 'look');
  try {
    for await (const { seq } of selected(letters, selectionOf(line, shell.clock.wall()))) {
      const letter = await letters.read(seq);
      // It was retried or deleted at this very moment.
      if (!letter) continue;
      const shown = redactLetter(shell.redaction, { ...letter, item: itemToJson(letter.item) });
      await shell.out(line.flags['json'] ? `${JSON.stringify(shown)}\n` : letterText(shown));
    }
    return exitCodes.ok;
  } finally {
    letters.close();
  }
}
