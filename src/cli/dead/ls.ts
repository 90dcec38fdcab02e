import type { DeadLetter } from '../../core/dead-letters.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { displayJson } from '../../observability/display-json.ts';
import { redactLetter } from '../../observability/redact-letter.ts';
import type { CommandLine } from '../command.ts';
import type { Shell } from '../shell.ts';
import { wholeNumber } from '../whole-number.ts';
import type { OpenLetters } from './letters.ts';
import { deadText } from './ls-text.ts';
import { openLetters } from './open-letters.ts';
import { hasSelection, selected, selectionOf } from './selection.ts';

const pageLimit = 1000;

/** `millrace dead ls`: dead letters with their items, truncated if they are long. */
export async function deadLs(line: CommandLine, shell: Shell): Promise<number> {
  const limit = wholeNumber('limit', String(line.flags['limit'] ?? 100));
  const letters = await openLetters(line, shell, 'look');
  try {
    // One more than is shown, to know whether more exist.
    const found = hasSelection(line) ? await meant(line, shell, letters, limit + 1) : await first(letters, limit + 1);
    // The items come from pages, so they are plain JSON.
    const shown = found.slice(0, limit).map((letter) => redactLetter(shell.redaction, letter));
    await shell.out(
      line.flags['json']
        ? shown.map((letter) => `${displayJson(letter)}\n`).join('')
        : deadText(shown, found.length > limit),
    );
    return exitCodes.ok;
  } finally {
    letters.close();
  }
}

async function first(letters: OpenLetters, wanted: number): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  let after: number | null = 0;
  while (after !== null && found.length < wanted) {
    const page = await letters.page({ limit: Math.min(wanted - found.length, pageLimit), after });
    found.push(...page.letters);
    after = page.next;
  }
  return found;
}

/** The letters are selected without their items; the items come from pages, where they are truncated. */
async function meant(line: CommandLine, shell: Shell, letters: OpenLetters, wanted: number): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for await (const { seq } of selected(letters, selectionOf(line, shell.clock.wall()))) {
    const page = await letters.page({ limit: 1, after: seq - 1 });
    found.push(...page.letters.filter((letter) => letter.seq === seq));
    if (found.length === wanted) break;
  }
  return found;
}
