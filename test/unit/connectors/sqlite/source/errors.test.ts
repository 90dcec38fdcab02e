import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { from } from '../../../../../src/connectors/from.ts';
import { connectReadOnly, readFault } from '../../../../../src/connectors/sqlite/read-only.ts';
import { errorData } from '../../../../../src/core/errors.ts';
import { param } from '../../../../../src/values/param.ts';
import { secret } from '../../../../../src/values/secret.ts';
import { ImpatientClock } from '../../../../support/impatient-clock.ts';
import { openContext } from '../../../../support/read-source.ts';
import { thrownBy } from '../../../../support/thrown.ts';
import { ADatabase } from './a-database.ts';

let database: ADatabase;
beforeEach(() => {
  database = new ADatabase(
    'CREATE TABLE people (id INTEGER PRIMARY KEY, name, team)',
    `INSERT INTO people VALUES (1, 'a', 'x'), (2, 'b', 'x'), (3, 'c', NULL)`,
    'CREATE TABLE t (n, m)',
  );
});
afterEach(() => database.dispose());

type Options = Parameters<ADatabase['read']>[0];

const refusal = async (options: Options): Promise<unknown> => {
  try {
    await database.read(options);
  } catch (error) {
    return { code: errorData(error).code, message: (error as Error).message };
  }
  throw new Error('it was not refused');
};

describe('from.sqlite', () => {
  it('reports everything that is wrong with its options at once', () => {
    const options = {
      table: '',
      query: 'SELECT 1',
      keys: 'id',
      page: 0,
      where: 'x',
      params: { a: {} },
      incremental: { cursr: 'a', lag: '5', start: secret('S'), nullCursor: 'skipp' },
    };
    const make = (): unknown => from.sqlite(options as never);
    expect(thrownBy(make)?.message.split('\n')).toEqual([
      'from.sqlite: file: expected the path of a database file',
      'from.sqlite: table: expected text, got ""',
      'from.sqlite: params: a: expected text, a number, a BigInt or null, got an object',
      'from.sqlite: table: belongs to a table, and there is a query; write it in the query',
      'from.sqlite: where: belongs to a table, and there is a query; write it in the query',
      'from.sqlite: key: expected the columns that identify a row of the query',
      'from.sqlite: page: expected a number of rows from 1, got 0',
      'from.sqlite: incremental: cursor: expected a column whose value rises with every new row',
      'from.sqlite: incremental: start: a bound cannot hold a secret, because it is shown; use a param',
      expect.stringContaining('from.sqlite: incremental: lag: expected a duration such as 250ms'),
      'from.sqlite: incremental: nullCursor: expected "error" or "include" or "skip", got "skipp"; did you mean "skip"?',
      'from.sqlite: incremental: unknown field cursr; did you mean "cursor"?',
      'from.sqlite: unknown field keys; did you mean "key"?',
    ]);
  });

  it.each([
    [{ file: ' a.db' }, 'begins or ends with white space'],
    [{ file: ':memory:' }, 'expected a path of a file on disk, got ":memory:"'],
    [{ file: 'a.db', table: 't', key: ['a', 'a'] }, '"a" is named twice'],
    [{ file: 'a.db', table: 't', key: [] }, 'expected at least one column'],
    [{ file: 'a.db' }, 'expected a table or a query'],
    [
      { file: 'a.db', table: 't', where: ':n', params: { n: 2n ** 63n } },
      'params: n: expected an integer from -2^63 to 2^63 - 1, got 9223372036854775808',
    ],
    [
      { file: 'a.db', table: 't', incremental: { cursor: 'n', end: -(2n ** 63n) - 1n } },
      'incremental: end: expected an integer from -2^63 to 2^63 - 1, got -9223372036854775809',
    ],
  ])('refuses the options %#', (options, problem) => {
    expect(() => from.sqlite(options)).toThrow(problem);
  });

  it('cannot write to the file', () => {
    const db = connectReadOnly(database.file);
    expect(() => db.exec('DELETE FROM people')).toThrow('attempt to write a readonly database');
    db.close();
  });

  it.each<[string, Options, string]>([
    [
      'a missing table',
      { table: 'peple' },
      'expected a table "peple" in FILE, which has none of that name; did you mean "people"?',
    ],
    ['a missing table, like no other', { table: 'xyz' }, 'which has none of that name; it has people, t'],
    [
      'a missing column',
      { table: 'people', columns: ['nam'] },
      'columns: expected a column of table people, got "nam"; did you mean "name"?',
    ],
    [
      'a missing key',
      { table: 'people', key: 'uuid' },
      'key: expected a column of table people, got "uuid"; the columns are id, name, team',
    ],
    [
      'a missing cursor',
      { table: 'people', incremental: { cursor: 'at' } },
      'incremental: cursor: expected a column of table people, got "at"',
    ],
    [
      'a table without a primary key',
      {},
      `key: expected the columns that identify a row, because table t has no primary key: name them, or 'rowid'`,
    ],
    [
      'a query with an unknown column',
      { query: 'SELECT nam FROM people', key: 'nam' },
      'query: expected one SELECT that SQLite understands: no such column: nam',
    ],
    [
      'several statements',
      { query: 'SELECT id FROM people; DELETE FROM people', key: 'id' },
      'query: expected one statement, got none or several',
    ],
    [
      'a condition that ends the statement',
      { table: 'people', where: '1); DELETE FROM people --' },
      'where: expected one statement, got none or several',
    ],
    [
      'a condition that leaves its parentheses',
      { table: 'people', where: `team = 'x') OR (team = 'y'` },
      'where: expected one condition that SQLite understands: near ")": syntax error',
    ],
    ['no statement', { query: '-- nothing', key: 'id' }, 'query: expected one statement, got none or several'],
    [
      'a statement that writes',
      { query: 'DELETE FROM people RETURNING id', key: 'id' },
      'query: expected a SELECT, which only reads',
    ],
    [
      'a pragma',
      { query: 'PRAGMA user_version', key: 'user_version' },
      'query: expected one SELECT that SQLite understands',
    ],
    [
      'columns with the same name',
      { query: 'SELECT id, name AS ID FROM people', key: 'id' },
      'query: two of its columns are named "ID"',
    ],
    [
      'a param without a value',
      { query: 'SELECT * FROM people WHERE id > :low', key: 'id' },
      'params: query uses :low, which has no value; add { low: … }',
    ],
    [
      'a param without a value in where',
      { table: 'people', where: 'id > :low' },
      'params: where uses :low, which has no value',
    ],
    [
      'a value without a param',
      { table: 'people', params: { low: 1 } },
      'params: "low" is not used; write :low in query or where',
    ],
    [
      'a param without a name',
      { query: 'SELECT * FROM people WHERE id > ?', key: 'id' },
      'query: expected values as :name, with params: { name: … }, got ?',
    ],
    [
      'a key that is not unique',
      { table: 'people', key: 'team', where: 'team IS NOT NULL', page: 1 },
      'key: expected columns that identify each row of table people, got several rows with team = "x". Name more columns',
    ],
    [
      'a key that is NULL',
      { table: 'people', key: ['team', 'id'] },
      'got a row without a value for "team": team = NULL, id = 3',
    ],
  ])('refuses %s, says what it expected, and never shows a bare stack', async (_, options, problem) => {
    expect(await refusal(options)).toEqual({
      code: expect.stringMatching(/^SOURCE_/),
      message: expect.stringContaining(problem.replace('FILE', database.file)),
    });
  });

  it('refuses a key that is not unique only under the collation of its column', async () => {
    database.db.exec(`CREATE TABLE u (name TEXT COLLATE NOCASE); INSERT INTO u VALUES ('A'), ('b'), ('a')`);
    expect(await refusal({ table: 'u', key: 'name', page: 1 })).toEqual({
      code: 'SOURCE_KEY',
      message: expect.stringMatching(/got several rows with name = "[aA]"/),
    });
  });

  it('refuses a key that is not unique only because its collation stops at a NUL', async () => {
    database.db.exec(`CREATE TABLE u (name TEXT COLLATE NOCASE); INSERT INTO u VALUES ('a' || char(0) || 'b')`);
    database.db.exec(`INSERT INTO u VALUES ('A' || char(0) || 'c')`);
    expect(await refusal({ table: 'u', key: 'name', page: 1 })).toMatchObject({ code: 'SOURCE_KEY' });
  });

  it.each<[string, () => string, string]>([
    ['is missing', () => join(database.directory, 'no.db'), 'there is no such file; check the path in file'],
    ['is a directory', () => join(database.directory, 'inner'), 'it is not a file; check the path in file'],
    ['leads in a circle', () => join(database.directory, 'circle'), 'ELOOP: too many symbolic links'],
    ['has too long a name', () => join(database.directory, 'n'.repeat(300)), 'ENAMETOOLONG: name too long'],
    ['is something else', () => join(database.directory, 'text'), 'It is not a SQLite database: name another file.'],
  ])('refuses a file that %s', async (_, file, problem) => {
    mkdirSync(join(database.directory, 'inner'));
    symlinkSync('circle', join(database.directory, 'circle'));
    writeFileSync(join(database.directory, 'text'), 'x'.repeat(5000));
    expect(await refusal({ file: file(), table: 'people' })).toEqual({
      code: 'SOURCE_FILE',
      message: expect.stringContaining(problem),
    });
  });

  it('waits for a database that is locked, and reads it once it is free', async () => {
    database.db.exec('BEGIN EXCLUSIVE');
    const clock = new ImpatientClock();
    clock.onWait = () => {
      if (clock.waits === 2) database.db.exec('COMMIT');
    };
    expect(await database.items({ table: 'people' }, { clock })).toHaveLength(3);
    expect(clock.waits).toBe(2);
  });

  it('waits for a database that is locked between two pages', async () => {
    const clock = new ImpatientClock();
    const rows = database.rows({ table: 'people', page: 1 }, { clock });
    await rows.next();
    database.db.exec('BEGIN EXCLUSIVE');
    clock.onWait = () => database.db.exec('COMMIT');
    expect((await rows.next()).value).toMatchObject({ item: { id: 2 } });
    await rows.return(undefined);
  });

  it('says after five seconds that the database is locked: the process is then replaced, and nothing ends', async () => {
    database.db.exec('BEGIN EXCLUSIVE');
    const clock = new ImpatientClock();
    clock.onWait = () => clock.turn(2000);
    await expect(database.items({ table: 'people' }, { clock })).rejects.toMatchObject({
      name: 'DependencyError',
      message: `another process has held a lock on ${database.file} for 5 seconds; end its transaction`,
    });
  });
});

describe('from.sqlite, when a program was killed while it wrote without a log,', () => {
  const problem = {
    name: 'DependencyError',
    message: expect.stringMatching(
      /SQLITE_READONLY_ROLLBACK.*open the file once with write access, for example with: sqlite3 .*a\.db \.tables$/,
    ),
  };
  const leaveJournal = (): void => {
    const journal = `${database.file}-journal`;
    // More than the cache holds, so that the changes reach the file before the end of the transaction.
    database.db.exec(`PRAGMA cache_size = 1; BEGIN; INSERT INTO people VALUES (4, zeroblob(100000), 'y')`);
    const bytes = readFileSync(journal);
    database.db.exec('ROLLBACK');
    writeFileSync(journal, bytes);
  };

  it('waits until somebody has undone the unfinished changes', async () => {
    leaveJournal();
    await expect(database.items({ table: 'people' })).rejects.toMatchObject(problem);
    database.db.prepare('SELECT * FROM people').all();
    expect(await database.items({ table: 'people' })).toHaveLength(3);
  });

  it('waits also in the middle of a run', async () => {
    const rows = database.rows({ table: 'people', page: 1 });
    await rows.next();
    leaveJournal();
    await expect(rows.next()).rejects.toMatchObject(problem);
  });
});

describe('a file that cannot be opened', () => {
  const cantOpen = Object.assign(new Error('unable to open database file'), { code: 'SQLITE_CANTOPEN' });

  it('is a wrong file at first, and an outage once it has been read', () => {
    expect(readFault('a.db', cantOpen, { isOpen: false })).toMatchObject({ exitCode: 78, code: 'SOURCE_FILE' });
    expect(readFault('a.db', cantOpen, { isOpen: true })).toMatchObject({ name: 'DependencyError' });
  });
});

describe('check', () => {
  it('says what can be read, and in which order', async () => {
    expect(await database.check({ table: 'people' })).toEqual([
      `${database.file}, table people: can be read, in the order of id`,
    ]);
  });

  it('rejects what a run would refuse', async () => {
    await expect(database.check({ table: 'peple' })).rejects.toThrow('did you mean "people"?');
    await expect(database.check({ table: 'people', key: 'team' })).rejects.toThrow('without a value for "team"');
  });

  it('warns if no index supports the order, until there is one', async () => {
    const options = { table: 'people', key: ['name', 'team'], where: 'team IS NOT NULL' };
    const [, warning] = await database.check(options);
    expect(warning).toBe(
      'warning: no index supports the order of table people by "name", "team", so each page reads or sorts more rows than it yields: ' +
        'CREATE INDEX "people_name_team" ON "people" ("name", "team")',
    );
    database.db.exec('CREATE INDEX "people_name_team" ON "people" ("name", "team")');
    expect(await database.check(options)).toHaveLength(1);
  });

  it.each<[string, Options, boolean]>([
    ['a query by the primary key', { query: 'SELECT * FROM people WHERE team = 1', key: 'id' }, false],
    ['a query by what it calculates', { query: 'SELECT id * 2 AS twice FROM people', key: 'twice' }, true],
    ['a query that groups', { query: 'SELECT team, count(*) AS n FROM people GROUP BY team', key: 'n' }, true],
    ['an incremental cursor', { table: 'people', incremental: { cursor: 'name' } }, true],
    ['row numbers', { key: 'rowid' }, false],
  ])('warns only where it is needed: %s', async (_, options, isNeeded) => {
    const lines = await database.check(options);
    expect(lines.some((line) => line.startsWith('warning: no index'))).toBe(isNeeded);
  });

  it('warns if an index supports only a part of the order', async () => {
    database.db.exec('CREATE INDEX by_name ON people (name)');
    const options = { table: 'people', key: ['name', 'team'], where: 'team IS NOT NULL' };
    expect(await database.check(options)).toEqual([expect.anything(), expect.stringContaining('no index supports')]);
  });

  it('does not warn about an incremental cursor with an index, whose rows with the same value are in key order', async () => {
    database.db.exec('CREATE INDEX by_name ON people (name)');
    expect(await database.check({ table: 'people', incremental: { cursor: 'name' } })).toHaveLength(1);
  });

  it('recommends a lag if the cursor is a time', async () => {
    database.db.exec(`UPDATE people SET name = '2024-01-01 10:00:00'; CREATE INDEX by_name ON people (name)`);
    expect(await database.check({ table: 'people', incremental: { cursor: 'name' } })).toEqual([
      expect.stringContaining('can be read'),
      expect.stringContaining(`set incremental.lag, such as '60s'`),
    ]);
  });

  it('fills in params', async () => {
    const low = param.string();
    const spec = database.source({ table: 'people', where: 'id > :low', params: { low } });
    const context = openContext({ resolve: (text) => (text === low ? '1' : (text as string)) });
    expect(await spec.check!(context)).toHaveLength(1);
  });
});
