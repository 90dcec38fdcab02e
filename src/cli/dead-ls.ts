import { deadPage, type DeadPage } from '../control/dead-page.ts';
import type { Clock } from '../core/clock.ts';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { displayJson } from '../observability/display-json.ts';
import { redactLetter } from '../observability/redact-letter.ts';
import type { DeadLetter, DeadQuery } from '../observability/status.ts';
import { askDead, askStatus } from './ask.ts';
import type { CommandLine } from './command.ts';
import { hasSelection, selected, selectionOf } from './dead-selection.ts';
import { deadText } from './dead-text.ts';
import { findState, type FoundState } from './find-state.ts';
import { listDead, type ListDead } from './dead-in-spool.ts';
import { openLetters } from './open-letters.ts';
import type { Shell } from './shell.ts';
import { wholeNumber } from './whole-number.ts';

const pageLimit = 1000;

/** `millrace dead ls`: from the running pipeline, or else from its queue's file. */
export async function deadLs(line: CommandLine, shell: Shell, fromSpool: ListDead = listDead): Promise<number> {
  const limit = wholeNumber('limit', String(line.flags['limit'] ?? 100));
  const state = findState(line, shell);
  const page = await pageSource(state, shell.clock, fromSpool);
  // One more than is shown, to know whether there are more.
  const letters = hasSelection(line) ? await meant(line, shell, page, limit + 1) : await first(page, limit + 1);
  // Of pages, so that it is plain JSON.
  const shown = letters.slice(0, limit).map(redactLetter);
  await shell.out(
    line.flags['json']
      ? shown.map((letter) => `${displayJson(letter)}\n`).join('')
      : deadText(shown, letters.length > limit),
  );
  return exitCodes.ok;
}

async function first(page: PageSource, wanted: number): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let after: number | null = 0;
  while (after !== null && letters.length < wanted) {
    const found: DeadPage = await page({ limit: Math.min(wanted - letters.length, pageLimit), after });
    letters.push(...found.letters);
    after = found.next;
  }
  return letters;
}

/** Chosen without their items; these come as parts of pages, where they are cut. */
async function meant(line: CommandLine, shell: Shell, page: PageSource, wanted: number): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  const open = await openLetters(line, shell, 'look');
  try {
    for await (const { seq } of selected(open, selectionOf(line, shell.clock.wall()))) {
      const found = await page({ limit: 1, after: seq - 1 });
      letters.push(...found.letters.filter((letter) => letter.seq === seq));
      if (letters.length === wanted) break;
    }
  } finally {
    open.close();
  }
  return letters;
}

type PageSource = (query: DeadQuery) => Promise<DeadPage>;

async function pageSource(state: FoundState, clock: Clock, fromSpool: ListDead): Promise<PageSource> {
  try {
    await askStatus(state, clock);
    return (query) => askDead(state, query, clock);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'NOT_RUNNING') throw error;
    return (query) => deadPage(query, (part) => fromSpool(state.directory, part));
  }
}
