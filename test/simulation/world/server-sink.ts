import { configError, MillraceError } from '../../../src/core/errors.ts';
import type { Intervals, Interval } from '../../../src/core/intervals.ts';
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
  type SinkContext,
  type SinkWriter,
} from '../../../src/sinks/port.ts';
import type { Row } from './items.ts';
import type { Client, Database, LedgerRow, Server, Work } from './server.ts';
import type { SinkWatcher } from './sink-watcher.ts';
import { showSeqs } from './story.ts';

/** Rules of the sink that can be left out, to see whether the checker notices. */
export interface SinkRules {
  /** 3: writers that may have had the items are barred. */
  fences: boolean;
  /** 7, third part: the ledger keeps the mark below which it may have forgotten. */
  keepsMark: boolean;
  /** 4: a lost connection is not an ordinary failure: the work may have been done all the same. */
  saysUnknown: boolean;
}

/** Opens a sink on a server, with rows, ledger and fence like the SQLite sink. */
export async function openServerWriter(
  server: Server,
  client: Client,
  context: SinkContext,
  { watcher, rules }: { watcher: SinkWatcher; rules: SinkRules },
): Promise<SinkWriter<Row, Row>> {
  const { run, writer, start, isKnown, signal } = context;
  const transact = <T>(work: Work<T>): Promise<T> =>
    server.transact(client, work).catch((error: unknown) => {
      throw rules.saysUnknown || sinkFailureOf(error) !== 'unknown' ? error : new Error('the connection was lost');
    });
  /** Work of a transaction that first updates this writer's own row. */
  const mine = <T>(work: Work<T>): Work<T> => ({
    ...work,
    locks: [writer, ...work.locks],
    run: (database) => {
      if (database.writers.get(writer) !== session) throw barred(writer);
      return work.run(database);
    },
  });
  // A new session: it waits for work that an earlier session has begun, and refuses what that has not begun.
  const forgottenIn = ({ queues }: Readonly<Database>): Forgotten =>
    (rules.keepsMark && queues.get(start.queue)?.forgotten) || nothingForgotten;
  const highestIn = ({ ledger }: Readonly<Database>): number =>
    Math.max(0, ...ledger.filter((row) => row.run === run).map(({ to }) => to));
  /** For work that changes the sink: records this start as the last that did, unless a later one has. */
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
        if (rows.some(({ part }) => typeof part !== 'string')) throw new BadRow('a part must be text');
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
    async fence(writers) {
      const others = rules.fences ? writers.filter((other) => other !== writer) : [];
      const highest = await transact(
        mine<number>({
          what: `barring ${others.join(', ') || 'nobody'}`,
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
      // Otherwise nobody receives the answer.
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
    close: () => Promise.resolve(),
  };
}

/** Opens a sink on a server that has only rows: each result at least once. */
export function openPlainWriter(server: Server, client: Client, watcher: SinkWatcher): SinkWriter<Row, Row> {
  return {
    ...withoutLedger,
    capture: (row, captured) => void captured.push(structuredClone(row)),
    commit: ({ captured: rows, items: seqs }) => {
      return server.transact<void>(client, {
        what: `writing ${showSeqs(seqs)}`,
        locks: [],
        run: () => ({ result: undefined, change: (database) => insertRows(database, seqs, rows) }),
        onCommit: () => watcher.committed(client.writer, seqs, rows),
      });
    },
    close: () => Promise.resolve(),
  };
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
