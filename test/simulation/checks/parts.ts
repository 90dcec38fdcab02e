/** The claims about a sink of parts: S16. */
import type { Row } from '../world/items.ts';
import { keyOf, type Facts, type SeqFacts } from './facts.ts';
import { claim } from './violation.ts';

/** Where each writer's part ends. */
type Ends = ReadonlyMap<number, number>;

/** The ends according to the spool. */
export function settledEnds({ parts }: Facts, sink: string): Ends {
  const own = [...parts.values()].filter((part) => part.sink === sink);
  return new Map(own.map(({ writer, part }) => [writer, part as number]));
}

/** The rows that count. */
export function rowsBefore(ends: Ends, parts: ReadonlyMap<number, readonly Row[]>): Row[] {
  return [...ends].flatMap(([writer, end]) => parts.get(writer)?.slice(0, end) ?? []);
}

/** S16: up to their settled ends, the parts hold the rows of the items that are done, each once, and no others. */
export function s16PartsHoldWhatIsSettled(
  facts: Facts,
  rows: readonly Row[],
  rowsOf: (found: SeqFacts) => readonly Row[],
): void {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    claim('S16', counts.get(key) === 1, () => `the settled parts have ${key} (item ${row.id}) twice`);
    const state = facts.seq(row.seq)?.state;
    claim('S16', state === 'done', () => `the settled parts have ${key} (item ${row.id}), which is ${state}`);
  }
  for (const found of facts.seqs.values()) {
    if (found.state !== 'done') continue;
    for (const row of rowsOf(found)) {
      claim('S16', counts.has(keyOf(row)), () => `seq ${row.seq} is done, and ${keyOf(row)} is not in a settled part`);
    }
  }
}

/** S16: \`finish\` is called when every item is settled, and gets the settled ends. */
export function s16FinishComesLast(facts: Facts, sink: string, given: Ends): void {
  const state = facts.run?.state;
  claim('S16', state === 'finishing' || state === 'finished', () => `${sink} is finished while the run is ${state}`);
  const [open] = facts.open();
  claim('S16', open === undefined, () => `${sink} is finished while seq ${open?.seq} is ${open?.state}`);
  const [expected, got] = [inWords(settledEnds(facts, sink)), inWords(given)];
  claim('S16', expected === got, () => `${sink} is finished with ${got}; according to the spool it is ${expected}`);
}

/** S16: a finished run is published exactly as it was settled. */
export function s16FinishedIsPublished(
  sink: string,
  published: readonly Row[] | undefined,
  settled: readonly Row[],
): void {
  claim('S16', published !== undefined, () => `the run is finished, and ${sink} has published nothing`);
  const words = (rows: readonly Row[]): string => rows.map(keyOf).toSorted().join(', ');
  claim('S16', words(published!) === words(settled), () => {
    return `${sink} has published ${words(published!)}; settled are ${words(settled)}`;
  });
}

function inWords(ends: Ends): string {
  const sorted = [...ends].toSorted(([a], [b]) => a - b);
  return sorted.map(([writer, end]) => `writer ${writer} up to ${end}`).join(', ') || 'no parts';
}
