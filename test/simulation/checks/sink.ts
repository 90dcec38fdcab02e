/** The claims about the sinks: S1, S2, S3, S9, S11, S22. */
import type { Interval, Intervals } from '../../../src/core/intervals.ts';
import type { Row } from '../world/items.ts';
import type { LedgerRow } from '../world/server.ts';
import type { Plan } from '../world/plan.ts';
import { deliveryOf } from '../world/others.ts';
import { bitOf, itemKeyOf, keyOf, type Facts, type SeqFacts } from './facts.ts';
import { claim } from './violation.ts';

/** S1: a transactional sink has each result of an item at most once. */
export function s1EachResultOnce(facts: Facts, sink: number, rows: readonly Row[], { deterministic }: Plan): void {
  const has = facts.sinks[sink]!;
  for (const row of rows) {
    const key = keyOf(row);
    claim('S1', has.rows.get(key) === 1, () => `${has.id} has ${has.rows.get(key)} times: ${key} (item ${row.id})`);
    const count = has.rowsOfItems.get(itemKeyOf(row));
    claim(
      'S1',
      !deterministic || count === 1,
      () => `${has.id} has ${count} times: part ${row.part} of item ${row.id}`,
    );
  }
}

/** S2: a dead letter names every transactional sink that has the item, and no sink that does not. */
export function s2LettersNameWhoHasIt(facts: Facts, seqs: Iterable<number>): void {
  for (const seq of seqs) {
    const found = facts.seq(seq);
    if (found?.state !== 'dead') continue;
    for (const [sink, { id, kind }] of facts.sinks.entries()) {
      const isThere = (found.inSinks & bitOf(sink)) !== 0;
      const isNamed = (found.named & bitOf(sink)) !== 0;
      if (deliveryOf(kind) === 'transaction')
        claim('S2', !isThere || isNamed, () => `seq ${seq} is in ${id}, and a dead letter that does not say so`);
      claim('S2', isThere || !isNamed, () => `the dead letter of seq ${seq} says that ${id} has it, and it has not`);
    }
  }
}

/** S3: items that are done according to the spool are in each sink. For sinks of parts, S16 covers this. */
export function s3DoneIsInTheSink(facts: Facts, seqs: Iterable<number>): void {
  for (const seq of seqs) {
    const found = facts.seq(seq);
    if (found?.state !== 'done') continue;
    for (const [sink, { id, kind }] of facts.sinks.entries()) {
      const isMissing = deliveryOf(kind) !== 'part' && (found.inSinks & bitOf(sink)) === 0;
      claim('S3', !isMissing, () => `seq ${seq} (item ${found.id}) is done in the spool and not in ${id}`);
    }
  }
}

/** S9: a barred writer no longer commits anything. */
export function s9NothingOfABarredWriter(facts: Facts, sink: number, writer: number, seqs: Intervals): void {
  const isBarred = facts.writers.get(writer)?.sinks[sink]!.barredAt !== undefined;
  claim('S9', !isBarred, () => `writer ${writer} has committed ${seqs.toFlat().join('–')} after it had been barred`);
}

/** S22: a dead letter that was given back skips the sinks that have the item. */
export function s22GivenBackSkipsWhoHasIt(facts: Facts, sink: number, known: readonly SeqFacts[]): void {
  for (const { seq, from, skips } of known) {
    const isSkipped = (skips & bitOf(sink)) !== 0;
    claim('S22', !isSkipped, () => `${facts.sinks[sink]!.id} gets seq ${seq}, and has had it as seq ${from}`);
  }
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
  sink: number,
  { gone, left }: { gone: readonly Interval[]; left: readonly Interval[] },
  { before, open }: { before: number; open: readonly number[] },
): void {
  for (const { seq, state, named } of facts.among(gone)) {
    // An item that another sink has refused is a dead letter, or was one.
    const isSettled = state === 'done' || (named & bitOf(sink)) !== 0;
    claim('S11', isSettled, () => `seq ${seq}, pruned from the ledger, is ${state} in the spool`);
  }
  for (const [from, to] of left) {
    const isNeeded = to >= before || open.some((seq) => seq >= from && seq <= to);
    claim('S11', isNeeded, () => `pruning below ${before} left ${from}–${to}, which no process needs`);
  }
}
