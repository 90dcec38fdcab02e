import type { ProducerEntry } from './journal.ts';

/** An item that the source has yielded, and its place: items at the same place are the same item, yielded again. */
export interface Emission {
  at: string;
  digest: string;
}

/**
 * What the source has yielded, from the journals of all producers, in any order.
 *
 * An item's place is its number, counted from the start of the source. A producer that resumes begins after a cursor that an
 * earlier producer has reported, so the number of the items before it is known from that producer's journal. A source may
 * divide its items into other chunks when it resumes: that changes no number.
 */
export function emissionsOf(journals: readonly (readonly ProducerEntry[])[]): Emission[] {
  const emissions: Emission[] = [];
  /** Cursor → the number of items before it. */
  const numbers = new Map([['', 0]]);
  let waiting = journals.flatMap(readings);
  for (;;) {
    const known = waiting.filter(({ after }) => numbers.has(after));
    // Where the rest began is unknown: none of them counts as an item that was yielded before.
    if (known.length === 0) break;
    for (const { after, entries } of known) {
      let number = numbers.get(after)!;
      for (const entry of entries) {
        if (entry.t === 'cursor') numbers.set(entry.cursor, number);
        if (entry.t === 'items') for (const digest of entry.digests) emissions.push({ at: `#${++number}`, digest });
      }
    }
    waiting = waiting.filter((reading) => !known.includes(reading));
  }
  for (const { after, entries } of waiting) {
    const digests = entries.flatMap((entry) => (entry.t === 'items' ? entry.digests : []));
    emissions.push(...digests.map((digest, i) => ({ at: `${after}#${i + 1}`, digest })));
  }
  return emissions;
}

interface Reading {
  after: string;
  entries: ProducerEntry[];
}

/** Two producers can share a journal, if they had the same pid. */
function readings(journal: readonly ProducerEntry[]): Reading[] {
  const found: Reading[] = [];
  for (const entry of journal) {
    if (entry.t === 'open') found.push({ after: entry.after, entries: [] });
    else found.at(-1)?.entries.push(entry);
  }
  return found;
}
