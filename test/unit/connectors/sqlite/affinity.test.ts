import { afterAll, describe, expect, it } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { affinityOf, readsAsNumber, type Affinity } from '../../../../src/connectors/sqlite/affinity.ts';

const db = new Sqlite(':memory:');
afterAll(() => void db.close());

describe('the affinity of a declared type', () => {
  it.each<[string, Affinity]>([
    ['INTEGER', 'numeric'],
    ['bigint', 'numeric'],
    ['UNSIGNED BIG INT', 'numeric'],
    ['FLOATING POINT', 'numeric'],
    ['CHARINT', 'numeric'],
    ['TEXT', 'text'],
    ['varchar(20)', 'text'],
    ['CLOB', 'text'],
    ['BLOB', 'none'],
    ['', 'none'],
    ['REAL', 'real'],
    ['float', 'real'],
    ['DOUBLE PRECISION', 'real'],
    ['NUMERIC', 'numeric'],
    ['DECIMAL(10, 2)', 'numeric'],
    ['BOOLEAN', 'numeric'],
    ['DATETIME', 'numeric'],
    ['STRING', 'numeric'],
    ['ANY', 'numeric'],
  ])('of %p is the one that SQLite determines: %s', (type, affinity) => {
    expect(affinityOf(type, false)).toBe(affinity);
    expect(affinityBySqlite(type)).toBe(affinity);
  });

  it.each<[string, Affinity]>([
    ['INT', 'numeric'],
    ['INTEGER', 'numeric'],
    ['REAL', 'real'],
    ['TEXT', 'text'],
    ['BLOB', 'none'],
    ['ANY', 'none'],
  ])('of %p in a STRICT table is %s', (type, affinity) => {
    expect(affinityOf(type, true)).toBe(affinity);
  });
});

/** The affinity that SQLite shows by how it stores text and an integer in such a column. */
function affinityBySqlite(type: string): Affinity {
  db.exec(`DROP TABLE IF EXISTS t; CREATE TABLE t (v ${type}); INSERT INTO t VALUES ('1'), (1)`);
  const stored = db.prepare('SELECT group_concat(typeof(v)) FROM t').pluck().get() as string;
  const affinities: Record<string, Affinity> = {
    'text,integer': 'none',
    'integer,integer': 'numeric',
    'real,real': 'real',
    'text,text': 'text',
  };
  return affinities[stored]!;
}

it('text reads as a number exactly when SQLite stores it as a number', () => {
  db.exec('DROP TABLE IF EXISTS t; CREATE TABLE t (v NUMERIC)');
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const typeOfLast = db.prepare('SELECT typeof(v) FROM t WHERE rowid = last_insert_rowid()').pluck();
  const part = fc.constantFrom(...Array.from({ length: 10 }, (_, digit) => `${digit}`), '.', '+', '-', 'e', 'E', ' ', '\t', '\n', '\v', '\f', '\r', 'x', '_', '\u00A0', '٣', 'inf', 'nan'); // prettier-ignore
  const text = fc.oneof(
    { weight: 9, arbitrary: fc.array(part, { maxLength: 9 }).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: fc.double().map(String) },
    { weight: 1, arbitrary: fc.bigInt().map(String) },
  );
  fc.assert(
    fc.property(text, (value) => {
      // Half of a surrogate pair is refused earlier; after a NUL, the behaviour of SQLite varies.
      fc.pre(!/\p{Surrogate}|\0/u.test(value));
      insert.run(value);
      expect(readsAsNumber(value)).toBe(typeOfLast.get() !== 'text');
    }),
    { numRuns: 3000, examples: [['7 '], ['1.'], ['.5'], ['.'], ['1e400'], ['- 5'], [''], ['+.e1']] },
  );
  db.exec('DELETE FROM t');
});

it.each(['7\0', '7\0abc', ' 1e3 \0'])(
  'text that is a number up to a NUL reads as a number, as SQLite may store it as one: %p',
  (text) => {
    expect(readsAsNumber(text)).toBe(true);
  },
);
