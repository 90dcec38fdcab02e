import { configError, MillraceError } from '../../../src/core/errors.ts';
import { Intervals, type Interval } from '../../../src/core/intervals.ts';
import {
  forgetMore,
  nothingForgotten,
  refuseForgotten,
  refuseUnheardSeqs,
  type Forgotten,
} from '../../../src/ledger/forgotten.ts';
import { refuseOlderQueue } from '../../../src/ledger/older-queue.ts';
import {
  BadRow,
  Fenced,
  sinkFailureOf,
  withoutLedger,
  type Batch,
  type FinishContext,
  type Outcome,
  type SinkContext,
  type SinkWriter,
} from '../../../src/sinks/port.ts';
import type { Row } from './items.ts';
import { connect, type Client, type Database, type LedgerRow, type Server, type Work } from './server.ts';
import type { SinkWatcher } from './sink-watcher.ts';
import { showSeqs } from './story.ts';

/** Rules of the sink that can be left out, to see whether the checker notices. */
export interface SinkRules {
  /** 3: writers that may have had the items are barred. */
  fences: boolean;
  /** 7, third part: the ledger keeps the mark below which it may have forgotten. */
  keepsMark: boolean;
  /** 4: a lost connection is not an ordinary failure, because the work may have been done nevertheless. */
  saysUnknown: boolean;
  /** A2: a prepared transaction is not committed before all sinks have accepted the rows. */
  waits: boolean;
  /** 11: a part that is opened again is cut off where its last confirmed commit ended. */
  cutsOff: boolean;
}

/** What a sink does with rows. */
export type Answer = 'takes it' | 'refuses it' | 'puts it off';
export type AnswerTo = (row: Row) => Answer;

/** Opens a sink on a server, with rows, ledger and fence like the SQLite sink. */
export async function openServerWriter(
  server: Server,
  client: Client,
  context: SinkContext,
  { watcher, rules, answerTo }: { watcher: SinkWatcher; rules: SinkRules; answerTo: AnswerTo },
): Promise<SinkWriter<Row, Row>> {
  const { run, writer, start, isKnown, signal } = context;
  const { connection, close } = connect(client);
  const transact = <T>(work: Work<T>): Promise<T> =>
    server.transact(connection, work).catch((error: unknown) => {
      throw rules.saysUnknown || sinkFailureOf(error) !== 'unknown' ? error : new Error('the connection was lost');
    });
  /** The work of a transaction that first updates this writer's own row. */
  const mine = <T>(work: Work<T>): Work<T> => ({
    ...work,
    locks: [writer, ...work.locks],
    run: (database) => {
      if (database.writers.get(writer) !== session) throw barred(writer);
      return work.run(database);
    },
  });
  // A new session waits for work that an earlier session has begun, and refuses work that it has not begun.
  const forgottenIn = ({ queues }: Readonly<Database>): Forgotten =>
    (rules.keepsMark && queues.get(start.queue)?.forgotten) || nothingForgotten;
  const highestIn = ({ ledger }: Readonly<Database>): number =>
    Math.max(0, ...ledger.filter((row) => row.run === run).map(({ to }) => to));
  /** For work that changes the sink: records this start as the last to change it, unless a later start has. */
  const noteStart = (database: Database, forgotten: Forgotten): void =>
    void database.queues.set(start.queue, { generation: start.generation, id: start.ids[0]!, forgotten });
  const refuseOlder = ({ queues }: Readonly<Database>): void => {
    const seen = queues.get(start.queue);
    if (seen) refuseOlderQueue(start, seen);
  };
  const session = await transact({
    what: 'registering',
    locks: [writer],
    run: (seen) => {
      const { writers, queues } = seen;
      refuseOlder(seen);
      const before = queues.get(start.queue);
      if (rules.keepsMark && before) refuseUnheardSeqs(start, before, highestIn(seen));
      if (isKnown && writers.size === 0) throw configError('SINK_OTHER', 'the sink knows nothing of this run');
      const known = writers.get(writer);
      if (known === -1) throw barred(writer);
      const next = (known ?? -1) + 1;
      return {
        result: next,
        change: (database) => void database.writers.set(writer, next),
      };
    },
  });

  const write = ({ captured: rows, items: seqs }: Batch<Row>): Work<void> =>
    mine({
      what: `writing ${showSeqs(seqs)}`,
      locks: [],
      run: (seen) => {
        const { ledger } = seen;
        refuseOlder(seen);
        const forgotten = forgottenIn(seen);
        refuseForgotten(forgotten, seqs);
        for (const [from, to] of seqs) {
          if (within(ledger, run, from, to).length === 0) continue;
          watcher.overlapped(writer, seqs);
          throw new MillraceError('LEDGER_OVERLAP', `of seqs ${from} to ${to} some are in the ledger`);
        }
        if (rows.some((row) => isBad(row, answerTo))) throw new BadRow('a row is refused');
        return {
          result: undefined,
          change: (database) => {
            noteStart(database, forgottenIn(database));
            insert(database, run, seqs, rows);
          },
        };
      },
      onCommit: () => watcher.committed(writer, seqs, rows),
    });

  return {
    capture: (row, captured) => void captured.push(structuredClone(row)),
    commit: (batch) => transact(write(batch)),
    prepare: async (batch) => {
      if (rules.waits) return await server.prepare(connection, write(batch));
      await transact(write(batch));
      return { commit: () => Promise.resolve(), rollback: () => Promise.resolve() };
    },
    async fence(writers) {
      const others = rules.fences ? writers.filter((other) => other !== writer) : [];
      const highest = await transact(
        mine<number>({
          what: `barring ${others.join(', ') || 'no writer'}`,
          locks: others,
          run: (seen) => ({
            result: Math.max(highestIn(seen), forgottenIn(seen).below - 1),
            change: (database) => others.forEach((other) => database.writers.set(other, -1)),
          }),
          onCommit: () => watcher.barred(others),
        }),
      );
      if (!signal.aborted) watcher.fenced(writer, writers, highest);
      return highest;
    },
    async ask(from, to) {
      const found = await transact({
        what: `asking for ${showSeqs([[from, to]])}`,
        locks: [],
        run: (seen) => {
          refuseForgotten(forgottenIn(seen), [[from, to]]);
          return { result: within(seen.ledger, run, from, to) };
        },
      });
      // Otherwise no process receives the answer.
      if (!signal.aborted) watcher.asked(writer, [from, to]);
      return found;
    },
    async prune(request) {
      if (request.drop.includes(run)) throw new MillraceError('BUG', `run ${run} cannot be dropped while it runs`);
      let swept: { gone: Interval[]; left: Interval[] } = { gone: [], left: [] };
      const work = mine<void>({
        what: `pruning below ${request.before} but ${request.open.join(', ') || 'nothing'}`,
        locks: [],
        run: (seen) => {
          refuseOlder(seen);
          return {
            result: undefined,
            change: (database) => {
              noteStart(database, forgetMore(forgottenIn(database), request));
              swept = prune(database, run, request);
            },
          };
        },
        onCommit: () => watcher.pruned(request, swept.gone, swept.left),
      });
      await transact(work);
    },
    close,
  };
}

/** Opens a sink on a server that has only rows: each result at least once. It answers for each item. */
export function openPlainWriter(
  server: Server,
  client: Client,
  { watcher, answerTo }: { watcher: SinkWatcher; answerTo: AnswerTo },
): SinkWriter<Row, Row> {
  const { connection, close } = connect(client);
  return {
    ...withoutLedger,
    capture: (row, captured) => void captured.push(structuredClone(row)),
    commit: (batch) => {
      const refused = new Map<number, Error>();
      const again = new Map<number, Error>();
      const accepted = Intervals.of(...batch.items);
      const rows: Row[] = [];
      for (const [seq, own] of rowsByItem(batch)) {
        const answers = own.map(answerTo);
        if (answers.includes('refuses it')) refused.set(seq, new Error('a row is refused'));
        else if (answers.includes('puts it off')) again.set(seq, new Error('not now'));
        else {
          rows.push(...own);
          continue;
        }
        accepted.delete(seq);
      }
      return server.transact<Outcome>(connection, {
        what: `writing ${showSeqs(accepted)}`,
        locks: [],
        run: () => ({ result: { refused, again }, change: (database) => insertRows(database, accepted, rows) }),
        onCommit: () => watcher.committed(client.writer, accepted, rows),
      });
    },
    close,
  };
}

/**
 * Opens a sink of parts on a server: each writer has a list of rows, and its length is what a commit resolves to. A new session
 * cuts off rows that were not settled, and refuses work that an earlier session has not begun.
 */
export async function openPartWriter(
  server: Server,
  client: Client,
  { writer, part = 0 }: SinkContext,
  { watcher, rules, answerTo }: { watcher: SinkWatcher; rules: SinkRules; answerTo: AnswerTo },
): Promise<SinkWriter<Row, Row>> {
  const { connection, close } = connect(client);
  const session = await server.transact<number>(connection, {
    what: `opening its part from ${String(part)} on`,
    locks: [writer],
    run: ({ writers }) => {
      const next = (writers.get(writer) ?? -1) + 1;
      return {
        result: next,
        change: (database) => {
          database.writers.set(writer, next);
          const before = database.parts.get(writer) ?? [];
          database.parts.set(writer, rules.cutsOff ? before.slice(0, part as number) : before);
        },
      };
    },
  });
  return {
    ...withoutLedger,
    capture: (row, captured) => void captured.push(structuredClone(row)),
    commit: ({ captured: rows, items: seqs }) =>
      server.transact<Outcome>(connection, {
        what: `appending ${showSeqs(seqs)}`,
        locks: [writer],
        run: ({ writers, parts }) => {
          if (writers.get(writer) !== session) throw barred(writer);
          if (rows.some((row) => isBad(row, answerTo))) throw new BadRow('a row is refused');
          const all = [...parts.get(writer)!, ...rows];
          return { result: { part: all.length }, change: (database) => void database.parts.set(writer, all) };
        },
        onCommit: () => watcher.committed(writer, seqs, rows),
      }),
    close,
  };
}

/** Publishes the rows that count. */
export async function finishParts(
  server: Server,
  client: Client,
  { parts: given }: FinishContext,
  watcher: SinkWatcher,
): Promise<void> {
  const ends = new Map(given.map(({ writer, part }) => [writer, part as number]));
  watcher.finishing(ends);
  await server.transact<void>(client, {
    what: 'publishing',
    locks: [],
    run: ({ parts }) => {
      const rows = [...ends].flatMap(([writer, end]) => parts.get(writer)?.slice(0, end) ?? []);
      return { result: undefined, change: (database) => void (database.published = rows) };
    },
  });
}

function isBad(row: Row, answerTo: AnswerTo): boolean {
  return typeof row.part !== 'string' || answerTo(row) === 'refuses it';
}

function rowsByItem({ seqs, ends, captured }: Batch<Row>): [seq: number, rows: Row[]][] {
  return seqs.map((seq, i) => [seq, captured.slice(ends[i - 1] ?? 0, ends[i])]);
}

function insert(database: Database, run: string, seqs: Intervals, rows: readonly Row[]): void {
  insertRows(database, seqs, rows);
  for (const [from, to] of seqs) database.ledger.push({ run, from, to });
}

function insertRows(database: Database, seqs: Intervals, rows: readonly Row[]): void {
  database.rows.push(...rows);
  for (const [from, to] of seqs) for (let seq = from; seq <= to; seq++) database.seqs.add(seq);
}

function within(ledger: Database['ledger'], run: string, from: number, to: number): Interval[] {
  return ledger
    .filter((row) => row.run === run && row.to >= from && row.from <= to)
    .map((row) => [Math.max(row.from, from), Math.min(row.to, to)]);
}

function prune(
  database: Database,
  run: string,
  { before, open }: { before: number; open: readonly number[] },
): { gone: Interval[]; left: Interval[] } {
  const isOld = (row: LedgerRow): boolean =>
    row.run === run && row.to < before && !open.some((seq) => seq >= row.from && seq <= row.to);
  const gone = database.ledger.filter(isOld);
  database.ledger = database.ledger.filter((row) => !isOld(row));
  return { gone: gone.map(intervalOf), left: database.ledger.filter((row) => row.run === run).map(intervalOf) };
}

function intervalOf({ from, to }: LedgerRow): Interval {
  return [from, to];
}

function barred(writer: number): Fenced {
  return new Fenced(`writer ${writer} has been barred: another process has taken over what it was lent`);
}
