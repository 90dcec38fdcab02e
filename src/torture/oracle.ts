/**
 * The oracle: decides, from what a run has left, whether each item that the source emitted is done or dead, exactly once. It
 * takes each sink by itself. Pure.
 *
 *     emitted ═ done ⊎ dead       by content, as often as each occurs
 *     rows    ═ for each item that is done, the unchanged rows of one call of `process` (for sinks that are only called:
 *               of at least one)
 *     books   ═ what was counted here
 *
 * An item that one of several sinks has refused is dead, and its letter names the sinks that have it: for those it is done.
 *
 * From its first call of `process` on, an item is identified by its seq; before that, by its digest.
 */
import { bookProblems } from './books.ts';
import type { Evidence } from './evidence.ts';
import { tell, type Problem } from './problem.ts';
import { finishProblems, publishedSeqs } from './published.ts';
import { repeatProblems } from './repeats.ts';
import { judgeRows, type Item } from './rows.ts';

export interface Verdict {
  emitted: number;
  done: number;
  dead: number;
  rows: number;
  /** Items with rows from more than one call in a sink that is only called: allowed if a process died with the item in hand. */
  repeated: number;
  problems: Problem[];
  /** What could not be checked, in sentences. */
  unchecked: string[];
}

/** The verdict on all sinks of a run. The counts of items are the same for each, if all is well. */
export function judgeAll(evidence: readonly Evidence[]): Verdict {
  const verdicts = evidence.map((each) => judge(each));
  const sum = (count: (verdict: Verdict) => number): number =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0);
  return {
    ...verdicts[0]!,
    rows: sum(({ rows }) => rows),
    repeated: sum(({ repeated }) => repeated),
    problems: verdicts.flatMap(({ problems }, i) => problems.map((problem) => named(evidence[i]!.name, problem))),
    unchecked: [...new Set(verdicts.flatMap(({ unchecked }) => unchecked))],
  };
}

function named(name: string | undefined, problem: Problem): Problem {
  return name === undefined ? problem : { ...problem, text: `${name}: ${problem.text}` };
}

/** The verdict on one sink. */
export function judge(evidence: Evidence): Verdict {
  const { books, isDeterministic, delivery } = evidence;
  const isExact = delivery !== 'call';
  const { items, problems } = itemsOf(evidence);
  const done = doneIn(evidence, problems);
  const both = evidence.dead.filter(({ seq }) => done.has(seq));
  if (isExact) judgeLetters(evidence, done, problems);

  const emitted = emittedIn(evidence);
  const isRepeatable = isDeterministic && emitted.contradictions === 0;
  const settled = [...new Set([...done, ...evidence.dead.map(({ seq }) => seq)])].map((seq) => {
    const item = items.get(seq);
    if (!item)
      problems.push({ kind: 'invented', count: 1, text: `item ${seq} is settled, but no consumer ever had it` });
    return item?.digest ?? '';
  });
  problems.push(...comparison(emitted.digests, settled, isRepeatable));
  const rows = judgeRows(evidence, items, done);
  problems.push(...rows.problems);
  if (!isExact) problems.push(...repeatProblems(evidence));
  problems.push(...finishProblems(evidence));
  problems.push(
    ...bookProblems(evidence, {
      done: done.size - both.length,
      emitted: isRepeatable ? emitted.digests.length : undefined,
    }),
  );
  return {
    emitted: isRepeatable ? emitted.digests.length : books.stored,
    done: done.size - both.length,
    dead: evidence.dead.length,
    rows: rows.found,
    repeated: rows.repeated,
    problems,
    unchecked: uncheckedIn(evidence, emitted.contradictions),
  };
}

/**
 * A dead letter is in the sink if it says so, and only then. (Of a sink that is only called, an item can be in it all the
 * same: it was given to it, but not settled before its process died. The letter says that it "may have been" written.)
 */
function judgeLetters({ dead, ledger, delivery }: Evidence, done: ReadonlySet<number>, problems: Problem[]): void {
  const unsaid = dead.filter(({ seq, isInSink }) => !isInSink && done.has(seq));
  tell(problems, 'twice', unsaid, ({ seq }) => `item ${seq} is both in the sink and a dead letter`);
  if (!ledger && delivery === 'transaction') return;
  const absent = dead.filter(({ seq, isInSink }) => isInSink && !done.has(seq));
  tell(
    problems,
    'missing',
    absent,
    ({ seq }) => `the dead letter of item ${seq} says that the sink has it: it has not`,
  );
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

/**
 * The seqs that are done: according to the ledger if there is one, or to what is published of the parts; otherwise to what
 * the sink reported of its commits.
 */
function doneIn(evidence: Evidence, problems: Problem[]): Set<number> {
  const { ledger, consumers, dead, delivery } = evidence;
  if (delivery === 'part') {
    const text = (seq: number): string => `item ${seq} is in the parts of the sink twice`;
    return eachOnce(publishedSeqs(evidence, problems), text, problems);
  }
  if (ledger) return eachOnce(seqsOf(ledger), (seq) => `item ${seq} was entered in the ledger twice`, problems);
  const done = new Set<number>();
  for (const { commits, calls } of consumers) {
    for (const { seqs } of commits) for (const seq of seqs) done.add(seq);
    // If a process died before it could report a commit, only the ledger knows of it, and we cannot read that here.
    if (delivery === 'transaction') for (const { seq, rows } of calls) if (rows) done.add(seq);
  }
  if (delivery === 'transaction') for (const { seq, isInSink } of dead) if (!isInSink) done.delete(seq);
  return done;
}

function eachOnce(seqs: Iterable<number>, text: (seq: number) => string, problems: Problem[]): Set<number> {
  const done = new Set<number>();
  const twice: number[] = [];
  for (const seq of seqs) {
    if (done.has(seq)) twice.push(seq);
    done.add(seq);
  }
  tell(problems, 'twice', twice, text);
  return done;
}

function* seqsOf(ledger: readonly [number, number][]): Generator<number> {
  for (const [from, to] of ledger) for (let seq = from; seq <= to; seq++) yield seq;
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

function uncheckedIn({ name, sink, isDeterministic }: Evidence, contradictions: number): string[] {
  const unchecked: string[] = [];
  if (sink === 'unread')
    unchecked.push(
      `the contents of ${name ?? 'the sink'}, which cannot be read from here; what it reported for each commit was trusted`,
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
