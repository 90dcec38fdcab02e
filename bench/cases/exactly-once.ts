import { join } from 'node:path';
import Database from 'better-sqlite3';
import { alternate } from '../measure/rounds.ts';
import { sinkFile } from '../stage.ts';
import { compareThroughput, itemsOf, twoConsumers, warmUpItems, type BenchCase } from './throughput.ts';

/** The same into a SQLite table, each row exactly once. The rows are counted after each run. */
export const exactlyOnce: BenchCase = async (stage) => {
  const count = stage.scaled(1_000_000);
  const check = (directory: string): void => {
    const db = new Database(join(directory, sinkFile), { readonly: true });
    const [rows, ids] = db.prepare('SELECT count(*), count(DISTINCT id) FROM customers').raw().get() as number[];
    db.close();
    if (rows !== count || ids !== count) throw new Error(`expected ${count} rows, got ${rows} with ${ids} ids`);
  };
  await stage.millrace('exactly-once', twoConsumers, itemsOf(warmUpItems));
  const runs = await alternate(stage.rounds, {
    product: () => stage.millrace('exactly-once', twoConsumers, { ...itemsOf(count), check }),
    floor: () =>
      stage.floor(
        { source: { kind: 'items', count }, consumers: 2, sink: { kind: 'sqlite', file: sinkFile } },
        { check },
      ),
  });
  return compareThroughput('exactly once', count, runs);
};
