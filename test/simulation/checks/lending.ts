/** The claims about lending and settling: S7, S8, S10, S12. */
import type { Facts, SeqFacts, WriterFacts } from './facts.ts';
import type { Plan } from '../world/plan.ts';
import { deliveryOf } from '../world/others.ts';
import { claim } from './violation.ts';

/** S7: a seq is lent to at most one live writer; items stay with the old writer until it has given them back. */
export function s7LentToOneAtATime(
  facts: Facts,
  found: SeqFacts,
  writer: number,
  options: { orphansCanLive: boolean },
): void {
  const { seq, lentTo, mayHave } = found;
  claim('S7', lentTo === undefined, () => `seq ${seq} is lent to writer ${writer} while writer ${lentTo} has it`);
  if (options.orphansCanLive) return;
  const other = [...mayHave].find((id) => id !== writer && facts.writers.get(id)?.isAlive());
  claim(
    'S7',
    other === undefined,
    () => `seq ${seq} is lent to writer ${writer} while writer ${other}, an orphan, lives`,
  );
}

/** S8: nothing is delivered that the spool has not committed. */
export function s8DeliveredIsCommitted(found: SeqFacts | undefined, seq: number, id: number): void {
  const isOpen =
    found?.id === id && found.verdict === undefined && (found.state === 'queued' || found.state === 'retry');
  claim(
    'S8',
    isOpen,
    () => `seq ${seq} is delivered as item ${id}; in the spool it is ${found?.state ?? 'unknown'} (item ${found?.id})`,
  );
}

/** S8: nothing is reported as stored that the spool has not committed. */
export function s8StoredIsCommitted(facts: Facts, ids: readonly number[]): void {
  for (const id of ids)
    claim('S8', facts.stored.includes(id), () => `item ${id} is called stored, and is not in the spool`);
}

/** S8: a settle is confirmed only when the spool has it. */
export function s8SettledIsCommitted(
  facts: Facts,
  { done, failed }: { done: readonly number[]; failed: readonly number[] },
): void {
  for (const seq of done)
    claim(
      'S8',
      facts.seq(seq)?.state === 'done',
      () => `seq ${seq}'s settle is confirmed; the spool says ${facts.seq(seq)?.state}`,
    );
  for (const seq of failed)
    claim('S8', facts.seq(seq)?.state !== 'queued', () => `seq ${seq}'s failure is confirmed; the spool has it queued`);
}

/** S8: only items that are settled in the spool may be pruned. */
export function s8PrunedIsCommitted(facts: Facts, { before, open }: { before: number; open: readonly number[] }): void {
  for (const { seq, state } of facts.open()) {
    if (seq >= before || open.includes(seq)) continue;
    claim('S8', false, () => `the ledger may forget what is below ${before}, and seq ${seq} is ${state}`);
  }
}

/** S9: an item is done only when the writer that it was lent to has settled it. */
export function s9DoneWasSettled(found: SeqFacts): void {
  claim('S9', found.verdict === 'done', () => `seq ${found.seq} is done, but no writer that had it has settled it`);
}

/** S10: a writer that processes an item that others may have had has barred them, and has asked the ledger after that, in each sink with a ledger. */
export function s10OthersAreBarredAndAsked(facts: Facts, found: SeqFacts, self: WriterFacts): void {
  for (const other of self.others.get(found.seq) ?? []) {
    if (other === self.writer) continue;
    for (const [sink, { kind }] of facts.sinks.entries()) {
      if (deliveryOf(kind) === 'transaction') barredAndAsked(facts, sink, { found, self, other });
    }
  }
}

function barredAndAsked(
  facts: Facts,
  sink: number,
  { found, self, other }: { found: SeqFacts; self: WriterFacts; other: number },
): void {
  const barredAt = facts.writers.get(other)?.sinks[sink]!.barredAt;
  claim(
    'S10',
    barredAt !== undefined,
    () => `writer ${self.writer} processes seq ${found.seq}; writer ${other} may have it, and is not barred`,
  );
  const { asked, highest } = self.sinks[sink]!;
  const askedAt = asked.get(found.seq) ?? -1;
  const isAbove = highest !== undefined && highest.value < found.seq && highest.at > barredAt!;
  claim(
    'S10',
    askedAt > barredAt! || isAbove,
    () =>
      `writer ${self.writer} processes seq ${found.seq} without having asked for it since writer ${other} was barred`,
  );
}

/** S11: items that were pruned from the ledger are not delivered again. */
export function s11PrunedIsNotDelivered(found: SeqFacts): void {
  claim('S11', found.prunedFrom === 0, () => `seq ${found.seq} is delivered, and was pruned from the ledger`);
}

/** S12: an item that a dead consumer had started was known to be started: it was free to start, or announced. */
export function s12StartedWasAnnounced({ seq, startedBy, announcedBy }: SeqFacts, writer: number): void {
  const isUnknown = startedBy === writer && announcedBy !== writer;
  claim('S12', !isUnknown, () => `writer ${writer} died of seq ${seq}, perhaps, and was not known to have started it`);
}

/** A killer must be found within this many deaths. */
const mostDeaths = 4;

/** S12: an item that kills every process that starts it is found within a few deaths of such processes. */
export function s12KillersAreFound({ seq, id, deathsStarted }: SeqFacts, { items }: Plan): void {
  const isKiller = items[id]?.way === 'kills';
  claim('S12', !isKiller || deathsStarted <= mostDeaths, () => `seq ${seq} has killed ${deathsStarted} consumers`);
}

/** S12: an item runs alone only after the death of a consumer that had started it; two of them, if they were kills from outside. */
export function s12IsolatedWasStarted(facts: Facts, { seq, deaths, deathsFromOutside }: SeqFacts): void {
  // If supervisors were killed repeatedly, a start isolates the first items in the line.
  if (facts.supervisorsGone > 0) return;
  const isDue = deaths > deathsFromOutside || deaths > 1;
  claim(
    'S12',
    isDue,
    () => `seq ${seq} is to run alone after ${deaths} deaths, ${deathsFromOutside} of them from outside`,
  );
}

/** S12: only failures use an attempt, and only deaths count as kills. */
export function s12RetriesAreCounted(
  facts: Facts,
  found: SeqFacts,
  { kills, attempt }: { kills: number; attempt: number },
): void {
  claim('S12', kills <= found.deaths, () => `seq ${found.seq} has killed ${kills} times, of ${found.deaths} deaths`);
  const ranAlone = kills === 0 || found.deathsAlone > 0;
  claim('S12', ranAlone, () => `seq ${found.seq} is said to have killed, and never ran alone when its consumer died`);
  const { failures, outages } = found;
  claim(
    'S12',
    attempt <= failures + Math.max(outages, 1),
    () => `seq ${found.seq} waits for attempt ${attempt} after ${wordsFor(found)}`,
  );
  const isAnyDone = outages === 0 || [...facts.seqs.values()].some(({ state }) => state === 'done');
  claim(
    'S12',
    attempt <= failures + 1 || isAnyDone,
    () => `seq ${found.seq} waits for attempt ${attempt} after ${wordsFor(found)}, and nothing has succeeded`,
  );
}

/** S12: no item gets more attempts than allowed, and only failures use them, but not the first outage-like one. */
export function s12AttemptsAreFailures(found: SeqFacts, attempt: number, attempts: number): void {
  claim('S12', attempt <= attempts, () => `seq ${found.seq} is at attempt ${attempt} of ${attempts}`);
  claim(
    'S12',
    attempt <= found.failures + Math.max(found.outages, 1),
    () => `seq ${found.seq} is at attempt ${attempt} after ${wordsFor(found)}`,
  );
}

function wordsFor({ failures, outages }: SeqFacts): string {
  return `${failures} failures and ${outages} that look like an outage`;
}
