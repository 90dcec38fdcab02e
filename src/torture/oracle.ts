/**
 * The oracle: decides, from what a run has left, whether each item that the source emitted is done or dead, exactly once.
 * Pure.
 *
 *     emitted ═ done ⊎ dead       by content, as often as each occurs
 *     rows    ═ for each item that is done, the unchanged rows of one call of `process` (for sinks without
 *               transactions: of at least one)
 *     books   ═ what was counted here
 *
 * From its first call of `process` on, an item is identified by its seq; before that, by its digest.
 */
import type { Evidence } from './evidence.ts';
import { tell, type Problem } from './problem.ts';
import { repeatProblems } from './repeats.ts';
import { judgeRows, type Item } from './rows.ts';

export interface Verdict {
  emitted: number;
  done: number;
  dead: number;
  rows: number;
  /** Items with rows from more than one call in a sink without transactions: allowed if a process died with the item in hand. */
  repeated: number;
  problems: Problem[];
  /** What could not be checked, in sentences. */
  unchecked: string[];
}

export function judge(evidence: Evidence): Verdict {
  const { books, isDeterministic, sink } = evidence;
  const { items, problems } = itemsOf(evidence);
  const done = doneIn(evidence, problems);
  const dead = new Set(evidence.dead.map(({ seq }) => seq));
  const both = [...dead].filter((seq) => done.has(seq));
  // It was written, but not settled before its process died. The dead letter says that it "may have been" written.
  if (evidence.isTransactional)
    tell(problems, 'twice', both, (seq) => `item ${seq} is both in the sink and a dead letter`);

  const emitted = emittedIn(evidence);
  const isRepeatable = isDeterministic && emitted.contradictions === 0;
  const settled = [...new Set([...done, ...dead])].map((seq) => {
    const item = items.get(seq);
    if (!item)
      problems.push({ kind: 'invented', count: 1, text: `item ${seq} is settled, but no consumer ever had it` });
    return item?.digest ?? '';
  });
  problems.push(...comparison(emitted.digests, settled, isRepeatable));
  const rows = judgeRows(evidence, items, done);
  problems.push(...rows.problems);
  if (!evidence.isTransactional) problems.push(...repeatProblems(evidence));
  problems.push(
    ...bookProblems(evidence, {
      done: done.size - (evidence.isTransactional ? 0 : both.length),
      emitted: isRepeatable ? emitted.digests.length : undefined,
    }),
  );
  return {
    emitted: isRepeatable ? emitted.digests.length : books.stored,
    done: done.size,
    dead: dead.size,
    rows: rows.found,
    repeated: rows.repeated,
    problems,
    unchecked: uncheckedIn(sink, isDeterministic, emitted.contradictions),
  };
}

function itemsOf({ consumers, dead }: Evidence): { items: Map<number, Item>; problems: Problem[] } {
  const items = new Map<number, Item>();
  const altered = new Set<number>();
  const meet = (seq: number, digest: string): Item => {
    const item = items.get(seq) ?? { digest, calls: [] };
    items.set(seq, item);
    if (item.digest !== digest) altered.add(seq);
    return item;
  };
  for (const { writer, calls } of consumers) {
    for (const call of calls) meet(call.seq, call.digest).calls.push({ writer, call });
  }
  for (const { seq, digest } of dead) meet(seq, digest);
  const problems: Problem[] = [];
  tell(problems, 'altered', [...altered], (seq) => `item ${seq} changed between deliveries`);
  return { items, problems };
}

/** The seqs that are done: according to the ledger if there is one, otherwise to what the sink reported of its commits. */
function doneIn({ ledger, consumers, dead, isTransactional }: Evidence, problems: Problem[]): Set<number> {
  const done = new Set<number>();
  if (!ledger) {
    for (const { commits, calls } of consumers) {
      for (const seqs of commits) for (const seq of seqs) done.add(seq);
      // If a process died before it could report a commit, only the ledger knows of it, and we cannot read that here.
      if (isTransactional) for (const { seq, rows } of calls) if (rows) done.add(seq);
    }
    if (isTransactional) for (const { seq } of dead) done.delete(seq);
    return done;
  }
  const twice: number[] = [];
  for (const [from, to] of ledger) {
    for (let seq = from; seq <= to; seq++) {
      if (done.has(seq)) twice.push(seq);
      done.add(seq);
    }
  }
  tell(problems, 'twice', twice, (seq) => `item ${seq} was entered in the ledger twice`);
  return done;
}

/** Each place of the source once, with its item. A deterministic source has the same item there each time. */
function emittedIn({ emissions }: Evidence): { digests: string[]; contradictions: number } {
  const places = new Map<string, string>();
  let contradictions = 0;
  for (const { at, digest } of emissions) {
    if ((places.get(at) ?? digest) !== digest) contradictions += 1;
    places.set(at, digest);
  }
  return { digests: [...places.values()], contradictions };
}

function comparison(emitted: readonly string[], settled: readonly string[], isRepeatable: boolean): Problem[] {
  const problems: Problem[] = [];
  const known = new Set(emitted);
  const left = new Map<string, number>();
  for (const digest of emitted) left.set(digest, (left.get(digest) ?? 0) + 1);
  for (const digest of settled) left.set(digest, (left.get(digest) ?? 0) - 1);
  const surplus = [...left].filter(([, count]) => count < 0);
  const invented = surplus.filter(([digest]) => !known.has(digest));
  tell(
    problems,
    'invented',
    invented,
    ([digest]) => `an item (${digest}) was settled although the source never emitted it`,
  );
  if (!isRepeatable) return problems;
  const twice = surplus.filter(([digest]) => known.has(digest));
  const missing = [...left].filter(([, count]) => count > 0);
  const place = (digest: string): string => `item ${emitted.indexOf(digest) + 1} of the source`;
  tell(problems, 'twice', twice, ([digest]) => `${place(digest)} was settled more often than it was emitted`);
  tell(problems, 'missing', missing, ([digest]) => `${place(digest)} is neither done nor dead`);
  return problems;
}

function bookProblems(
  { books, dead, hasSourceEnded, sourceItems, isDeterministic, ledger, isTransactional }: Evidence,
  counted: { done: number; emitted: number | undefined },
): Problem[] {
  const problems: Problem[] = [];
  const expect = (what: string, found: unknown, expected: unknown): void => {
    if (found !== expected)
      problems.push({ kind: 'books', count: 1, text: `${what}: expected ${String(expected)}, found ${String(found)}` });
  };
  if (books.state !== 'finished')
    problems.push({ kind: 'unfinished', count: 1, text: `the run is not finished: its state is ${books.state}` });
  if (!hasSourceEnded) problems.push({ kind: 'missing', count: 1, text: 'the run ended before its source did' });
  if (sourceItems !== undefined) expect('items that the source has emitted', counted.emitted, sourceItems);
  if (isDeterministic && counted.emitted !== undefined) expect('stored by the books', books.stored, counted.emitted);
  // If a process died before it could report a commit, only the ledger knows of it.
  if (ledger || !isTransactional) expect('done by the books', books.done, counted.done);
  expect('dead by the books', books.dead, dead.length);
  expect('stored by the books', books.stored, books.done + books.dead);
  expect('exit code by the books', books.exitCode, books.dead > 0 ? 3 : 0);
  return problems;
}

function uncheckedIn(sink: Evidence['sink'], isDeterministic: boolean, contradictions: number): string[] {
  const unchecked: string[] = [];
  if (sink === 'unread')
    unchecked.push(
      'the contents of the sink, which cannot be read from here; what it reported for each commit was trusted',
    );
  if (!isDeterministic) {
    unchecked.push(
      'whether items were lost before they were stored, because the source is declared as not deterministic',
    );
  } else if (contradictions > 0) {
    const text = `the source yielded different items at ${contradictions} places when it was read again`;
    unchecked.push(`whether all items of the source are there: ${text}; see \`deterministic\``);
  }
  return unchecked;
}
