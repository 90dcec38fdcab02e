import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { itemColumns, items, type Item } from '../items.ts';
import type { Comparison, Contestant } from '../measure/comparison.ts';
import { alternate } from '../measure/rounds.ts';
import { sinkFile, type Run, type Stage } from '../stage.ts';
import { twoConsumers, warmUpItems, type BenchCase } from './throughput.ts';

const csvParse = join(import.meta.dirname, '../peers/csv-parse.mjs');

/**
 * The rows of a file, parsed in two consumers and stored on the way, compared with csv-parse alone, which parses them
 * in one process and stores nothing; and into a SQLite table, compared with the `.import` of SQLite's shell. The
 * seconds are those of the whole command.
 */
export const rows: BenchCase = async (stage) => {
  const count = stage.scaled(1_000_000);
  const files = { csv: join(stage.directory, 'rows.csv'), ndjson: join(stage.directory, 'rows.ndjson') };
  writeFile(files.csv, csvLines(count));
  writeFile(files.ndjson, jsonLines(count));
  const warmUp = join(stage.directory, 'few.csv');
  writeFile(warmUp, csvLines(warmUpItems));
  await stage.millrace('rows-csv', twoConsumers, { env: { BENCH_FILE: warmUp } });

  const read = (format: 'csv' | 'ndjson') => (): Promise<Run> =>
    stage.millrace(`rows-${format}`, twoConsumers, { env: { BENCH_FILE: files[format] } });
  const parsed = await alternate<string, Run>(stage.rounds, {
    csv: read('csv'),
    ndjson: read('ndjson'),
    'csv-parse': () =>
      stage.command([process.execPath, csvParse], {
        env: { BENCH_FILE: files.csv, BENCH_ITEMS: String(count) },
      }),
  });
  const perSecond = (runs: readonly Run[]): number[] => runs.map((run) => count / secondsOf(run));
  const beside = (name: string, values: number[], note: string): Contestant => ({ name, values, note });
  const alone = beside('csv-parse', perSecond(parsed['csv-parse']!), 'one process; nothing is stored');
  const figure = (what: string, product: number[], other: Contestant): Comparison => ({
    what,
    unit: 'rows/s',
    digits: 0,
    product,
    beside: other,
  });
  return [
    figure('CSV, parsed, stored on the way', perSecond(parsed['csv']!), alone),
    figure('NDJSON, parsed, stored on the way', perSecond(parsed['ndjson']!), {
      ...alone,
      note: 'the same rows as CSV',
    }),
    await intoSqlite(stage, files.csv, count, figure),
  ];
};

async function intoSqlite(
  stage: Stage,
  file: string,
  count: number,
  figure: (what: string, product: number[], other: Contestant) => Comparison,
): Promise<Comparison> {
  const check = (directory: string): void => {
    const db = new Database(join(directory, sinkFile), { readonly: true });
    const [all, ids] = db.prepare('SELECT count(*), count(DISTINCT id) FROM customers').raw().get() as number[];
    db.close();
    if (all !== count || ids !== count) throw new Error(`expected ${count} rows, got ${all} with ${ids} ids`);
  };
  const product = (): Promise<Run> =>
    stage.millrace('rows-csv', twoConsumers, { env: { BENCH_FILE: file, BENCH_SINK: 'sqlite' }, check });
  const perSecond = (runs: readonly Run[]): number[] => runs.map((run) => count / secondsOf(run));
  const what = 'CSV into SQLite, exactly once';
  const { status, stdout } = spawnSync('sqlite3', ['--version'], { encoding: 'utf8' });
  if (status !== 0) {
    const runs = await alternate(stage.rounds, { product });
    return figure(what, perSecond(runs.product), { name: '.import', values: [], note: 'sqlite3 is not installed' });
  }
  const columns = Object.entries(itemColumns).map((column) => column.join(' '));
  const runs = await alternate(stage.rounds, {
    product,
    import: () =>
      stage.command(
        [
          'sqlite3',
          sinkFile,
          `CREATE TABLE customers(${columns.join(', ')})`,
          `.import --csv --skip 1 ${file} customers`,
        ],
        { check },
      ),
  });
  const note = `sqlite3 ${stdout.split(' ')[0]}; no ledger, one transaction`;
  return figure(what, perSecond(runs.product), { name: '.import', values: perSecond(runs.import), note });
}

function secondsOf(run: Run): number {
  return (run.exitedNs - run.startedNs) / 1e9;
}

function writeFile(path: string, lines: Iterable<string>): void {
  const file = openSync(path, 'w');
  let some = '';
  for (const line of lines) {
    some += line;
    if (some.length < 1_000_000) continue;
    writeSync(file, some);
    some = '';
  }
  writeSync(file, some);
  closeSync(file);
}

function* csvLines(count: number): Generator<string> {
  yield `${Object.keys(itemColumns).join(',')}\n`;
  for (const item of items(count))
    yield `${Object.values<Item[keyof Item]>({ ...item })
      .map(field)
      .join(',')}\n`;
}

/** Texts are quoted, as in typical exports. */
function field(value: string | number): string {
  return typeof value === 'number' ? String(value) : `"${value}"`;
}

function* jsonLines(count: number): Generator<string> {
  for (const item of items(count)) yield `${JSON.stringify(item)}\n`;
}
