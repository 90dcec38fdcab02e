/** The claims about the sink: S1, S2, S3, S9, S11. */
import type { Interval, Intervals } from '../../../src/core/intervals.ts';
import type { Row } from '../world/items.ts';
import type { LedgerRow } from '../world/server.ts';
import type { Plan } from '../world/plan.ts';
import { itemKeyOf, keyOf, type Facts } from './facts.ts';
import { claim } from './violation.ts';

/** S1: a transactional sink has each result of an item at most once. */
export function s1EachResultOnce(facts: Facts, rows: readonly Row[], { deterministic }: Plan): void {
  for (const row of rows) {
    const key = keyOf(row);
    claim('S1', facts.rows.get(key) === 1, () => `the sink has ${facts.rows.get(key)} times: ${key} (item ${row.id})`);
    const count = facts.rowsOfItems.get(itemKeyOf(row));
    claim('S1', !deterministic || count === 1, () => `the sink has ${count} times: part ${row.part} of item ${row.id}`);
  }
}

/** S2: no item is both in the sink and among the dead letters. */
export function s2NeverInSinkAndDead(facts: Facts, seqs: Iterable<number>): void {
  for (const seq of seqs) {
    const found = facts.seq(seq);
    const isBoth = found?.state === 'dead' && found.isInSink;
    claim('S2', !isBoth, () => `seq ${seq} is in the sink, and a dead letter`);
  }
}

/** S3: items that are done according to the spool are in the sink. */
export function s3DoneIsInTheSink(facts: Facts, seqs: Iterable<number>): void {
  for (const seq of seqs) {
    const found = facts.seq(seq);
    const isMissing = found?.state === 'done' && !found.isInSink;
    claim('S3', !isMissing, () => `seq ${seq} (item ${found?.id}) is done in the spool and not in the sink`);
  }
}

/** S9: a barred writer commits nothing any more. */
export function s9NothingOfABarredWriter(facts: Facts, writer: number, seqs: Intervals): void {
  const isBarred = facts.writers.get(writer)?.barredAt !== undefined;
  claim('S9', !isBarred, () => `writer ${writer} has committed ${seqs.toFlat().join('–')} after it had been barred`);
}

/** S11: the ledger's rows are disjoint, and that never depends on its last check alone. */
export function s11LedgerIsDisjoint(ledger: readonly LedgerRow[]): void {
  const sorted = ledger.toSorted((a, b) => a.from - b.from);
  sorted.forEach(({ from }, i) => {
    const before = sorted[i - 1];
    claim('S11', !before || before.to < from, () => `the ledger has ${before!.from}–${before!.to} and ${from}`);
  });
}

/** S11: pruned items are settled, and a sweep leaves no rows that it could have deleted. */
export function s11PruneTakesWhatIsSettled(
  facts: Facts,
  gone: readonly Interval[],
  left: readonly Interval[],
  { before, open }: { before: number; open: readonly number[] },
): void {
  for (const { seq, state } of facts.among(gone)) {
    claim('S11', state === 'done', () => `seq ${seq}, pruned from the ledger, is ${state} in the spool`);
  }
  for (const [from, to] of left) {
    const isNeeded = to >= before || open.some((seq) => seq >= from && seq <= to);
    claim('S11', isNeeded, () => `pruning below ${before} left ${from}–${to}, which nobody needs`);
  }
}
