import type { DeadLetter, DeadQuery } from '../core/dead-letters.ts';
import { displayJson } from '../observability/display-json.ts';

/** The source of dead letters: those that match a query, or fewer if there are no more. */
export type DeadSource = (query: DeadQuery) => readonly DeadLetter[] | Promise<readonly DeadLetter[]>;

/** Dead letters for people, with items as plain JSON. */
export interface DeadPage {
  letters: DeadLetter[];
  /** The `after` of the next page; null if this is the last. */
  next: number | null;
}

/** Characters of an item's JSON; longer ones are truncated. */
const longestItem = 16_384;
/** Characters of a page's items. */
const longestPage = 2 * 1024 * 1024;
const mostAtOnce = 64;

/**
 * The letters that match `query`, or as many of them as fit on a page. An item can be megabytes, and the supervisor
 * must not hold a thousand of them: they are fetched a few at a time (one by one if they are large) and truncated.
 */
export async function deadPage({ limit, after }: DeadQuery, source: DeadSource): Promise<DeadPage> {
  const letters: DeadLetter[] = [];
  let next = after;
  let characters = 0;
  let atOnce = 1;
  while (letters.length < limit && characters < longestPage) {
    const wanted = Math.min(atOnce, limit - letters.length);
    const found = await source({ limit: wanted, after: next });
    const texts = found.map(({ item }) => displayJson(item));
    for (const [i, letter] of found.entries()) letters.push({ ...letter, item: shortened(texts[i]!) });
    if (found.length < wanted) return { letters, next: null };
    next = found.at(-1)!.seq;
    for (const text of texts) characters += Math.min(text.length, longestItem);
    atOnce = texts.some((text) => text.length > longestItem) ? 1 : Math.min(2 * atOnce, mostAtOnce);
  }
  return { letters, next };
}

function shortened(text: string): unknown {
  return text.length <= longestItem ? JSON.parse(text) : { cut: text.slice(0, longestItem), characters: text.length };
}
