/** Runs the cases that are published for other people's sources on our own sources. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { from } from '../../src/connectors/from.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { SqlSourceFields } from '../../src/connectors/sql-source/fields.ts';
import type { SourceContext } from '../../src/pipeline/context.ts';
import { sourceContract, type SourceFeatures, type SourceUnderTest } from '../../src/sources/contract.ts';
import { RecordError, type SourceSpec } from '../../src/sources/port.ts';
import { ASource } from '../support/a-source.ts';
import { generatorSource } from '../support/generator-source.ts';
import { HandClock } from '../support/hand-clock.ts';

const numbers = Array.from({ length: 12 }, (_, i) => i + 1);

function inFile(
  content: string | Buffer,
  items: readonly unknown[],
  spec: (path: string) => SourceSpec,
): SourceUnderTest {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-source-'));
  const path = join(directory, 'records');
  writeFileSync(path, content);
  return { spec: spec(path), items, dispose: () => rmSync(directory, { recursive: true }) };
}

const longText = 'long '.repeat(40);
// Larger than a single read of a file, so that it arrives in several chunks.
const manyNumbers = Array.from({ length: 40 }, (_, n) => ({ n, text: 'x'.repeat(5000) }));

const csvText = 'id,name\n1,a\n2,"b, c"\n3,"d\ne"\n\n4,too,many\n5,"é"\n6,"bad" quote\n7,last';
const csvItems = [
  { id: 1, name: 'a' },
  { id: 2, name: 'b, c' },
  { id: 3, name: 'd\ne' },
  new RecordError('expected 2 fields, as in the header; got 3 fields'),
  { id: 5, name: 'é' },
  new RecordError(
    'expected a delimiter or the end of the line after the closing quote of field 2, got " quote"; a quote inside a quoted ' +
      'field must be doubled (or escaped)',
  ),
  { id: 7, name: 'last' },
];
const csv = (path: string): SourceSpec => from.csv({ path, types: { id: 'integer' } });

/** A feed that is polled until nothing is new. */
class AFeed {
  taken = 0;
  readonly #items: readonly number[];
  readonly #waiting: (() => void)[] = [];

  constructor(items: readonly number[]) {
    this.#items = items;
  }

  after(cursor: number, most: number): readonly number[] {
    const found = this.#items.slice(cursor, cursor + most);
    if (found.length === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    return found;
  }

  tested(spec: SourceSpec): SourceUnderTest {
    return {
      spec,
      items: this.#items,
      taken: () => this.taken,
      caughtUp: () => new Promise((resolve) => this.#waiting.push(resolve)),
      clock: impatientClock,
    };
  }
}

/** Its timers fire at the end of the tick, however long they are. */
const impatientClock: Clock = {
  ...systemClock,
  after: (_, fn) => {
    let isCancelled = false;
    systemClock.soon(() => isCancelled || fn());
    return () => (isCancelled = true);
  },
};
/** Rows of a table that resumes in the middle of a page, and in the middle of rows with the same first key column. */
function inTable(options: Pick<SqlSourceFields<Row>, 'incremental'>): SourceUnderTest {
  // Cloned, because the cases clone what they read, which makes objects of another realm in jest.
  const items = tableItems.map((item) => structuredClone(item));
  return inFile('', items, (file) => {
    const db = new Database(file);
    db.exec('CREATE TABLE t (a, b, name, PRIMARY KEY (a, b))');
    const insert = db.prepare('INSERT INTO t VALUES (?, ?, ?)');
    for (const { a, b, name } of tableItems.toReversed()) insert.run(a, b, name);
    db.close();
    return from.sqlite<Row>({ file, table: 't', key: ['a', 'b'], page: 4, ...options });
  });
}

interface Row {
  a: number;
  b: string;
  name: string | null;
}

const tableItems: readonly Row[] = Array.from({ length: 12 }, (_, i) => ({
  a: Math.floor(i / 5),
  b: `b${String(i).padStart(2, '0')}`,
  name: i < 8 ? `x${i}` : null,
}));

const subjects: Record<string, [SourceFeatures, () => SourceUnderTest]> = {
  'a source in memory that learns which items are settled': [
    { resumes: 'by cursor', yields: 'items', settles: true },
    () => {
      const source = new ASource([[1, 2, 3], [], [4], [5, 6, 7, 8], [9, 10]]);
      return {
        spec: source.spec,
        items: numbers.slice(0, 10),
        taken: () => source.taken,
        settledItems: () => source.settled,
        clock: new HandClock(),
      };
    },
  ],
  'a generator function that counts': [
    { resumes: 'by count', yields: 'items' },
    () => {
      let taken = 0;
      const source = function* (): Generator<number> {
        for (const n of numbers) {
          taken += 1;
          yield n;
        }
      };
      const spec = generatorSource({ source, hasCheckpoints: false });
      return { spec, items: numbers, taken: () => taken, clock: new HandClock() };
    },
  ],
  'an async generator function with checkpoints': [
    { resumes: 'by cursor', yields: 'items' },
    () => {
      let taken = 0;
      const source = async function* ({ cursor, checkpoint }: SourceContext): AsyncGenerator<number> {
        for (const n of numbers.slice((cursor as number | undefined) ?? 0)) {
          taken += 1;
          yield await Promise.resolve(n);
          if (n % 3 === 0) checkpoint(n);
        }
      };
      const spec = generatorSource({ source, hasCheckpoints: true });
      return { spec, items: numbers, taken: () => taken, clock: new HandClock() };
    },
  ],
  'from.poll(), whose read is a generator function with checkpoints': [
    { resumes: 'by cursor', yields: 'items', endless: true },
    () => {
      const feed = new AFeed(numbers);
      const spec = from.poll({
        every: '10s',
        async *read({ cursor = 0, checkpoint }: SourceContext<number>) {
          for (const n of feed.after(cursor, 5)) {
            feed.taken += 1;
            yield await Promise.resolve(n);
            if (n % 3 === 0) checkpoint(n);
          }
          checkpoint(Math.min(cursor + 5, numbers.length));
        },
      });
      return feed.tested(spec);
    },
  ],
  'from.poll(), whose read returns pages': [
    { resumes: 'by cursor', yields: 'items', endless: true },
    () => {
      const feed = new AFeed(numbers);
      const spec = from.poll({
        every: '10s',
        read: async ({ cursor = 0 }: SourceContext<number>) => {
          const items = feed.after(cursor, 5);
          feed.taken += items.length;
          return await Promise.resolve({ items, cursor: cursor + items.length });
        },
      });
      return feed.tested(spec);
    },
  ],
  'from.csv()': [{ resumes: 'by cursor', yields: 'records' }, () => inFile(csvText, csvItems, csv)],
  'from.csv(), compressed': [
    { resumes: 'by cursor', yields: 'records' },
    () => inFile(gzipSync(csvText), csvItems, csv),
  ],
  'from.ndjson(), with records that are malformed or too long': [
    { resumes: 'by cursor', yields: 'records' },
    () =>
      inFile(
        `{"n":1}\n\n{"n":\n{"n":3}\n${JSON.stringify({ text: longText })}\n{"n":5}`,
        [
          { n: 1 },
          new RecordError('expected JSON; at character 6: expected a value, got the end of the line'),
          { n: 3 },
          { length: `${JSON.stringify({ text: longText })}\n`.length },
          { n: 5 },
        ],
        (path) => from.ndjson({ path, maxItemBytes: 100 }),
      ),
  ],
  'from.sqlite(), a table': [{ resumes: 'by cursor', yields: 'items' }, () => inTable({})],
  'from.sqlite(), what is new in a table, with rows whose cursor is NULL': [
    { resumes: 'by cursor', yields: 'items' },
    () => inTable({ incremental: { cursor: 'name', nullCursor: 'include' } }),
  ],
  'from.ndjson(), a file that is read in pieces': [
    { resumes: 'by cursor', yields: 'records' },
    () =>
      inFile(manyNumbers.map((item) => `${JSON.stringify(item)}\n`).join(''), manyNumbers, (path) =>
        from.ndjson({ path }),
      ),
  ],
};

describe.each(Object.entries(subjects))('%s', (_, [features, create]) => {
  it.each(sourceContract(features).map(({ name, run }) => [name, run] as const))('%s', async (_name, run) => {
    await expect(run(create)).resolves.toBeUndefined();
  });
});
