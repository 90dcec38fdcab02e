import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { to } from '../../../../src/connectors/to.ts';
import { BadRow } from '../../../../src/sinks/port.ts';
import { Directory } from './a-directory.ts';

let directory: Directory;
beforeEach(() => {
  directory = new Directory();
});
afterEach(() => directory.dispose());

const tables = { books: { key: 'id' }, authors: { key: ['book', 'name'] } };
const open = (options: object = { tables }, context = {}) => directory.open({ table: undefined, ...options }, context);

describe('a result with rows for several tables', () => {
  it('writes all of them in one transaction, one row or many, in any combination', async () => {
    const writer = await open();
    await writer.write(
      { books: { id: 1, title: 'One' }, authors: [{ book: 1, name: 'Ada' }, { book: 1, name: 'Bo' }] }, // prettier-ignore
      { authors: [] },
      { books: null, authors: undefined },
      { authors: { book: 1, name: 'Cy' } },
    );
    expect(directory.query('SELECT * FROM books')).toEqual([{ id: 1, title: 'One' }]);
    expect(directory.query('SELECT name FROM authors ORDER BY name')).toEqual([{ name: 'Ada' }, { name: 'Bo' }, { name: 'Cy' }]); // prettier-ignore
  });

  it('writes the tables in their declared order, so that rows exist before others refer to them', async () => {
    directory.run(
      'CREATE TABLE books (id INTEGER PRIMARY KEY)',
      'CREATE TABLE authors (book INTEGER REFERENCES books (id), name TEXT, PRIMARY KEY (book, name))',
    );
    const writer = await open();
    await writer.write({ authors: { book: 1, name: 'Ada' } }, { books: { id: 1 } });
    await writer.write({ authors: { book: 2, name: 'Bo' }, books: { id: 2 } });
    expect(directory.query('SELECT book FROM authors')).toEqual([{ book: 1 }, { book: 2 }]);
  });

  it('writes nothing to any table if one row is refused, and names the table of that row', async () => {
    directory.run('CREATE TABLE authors (book INTEGER, name TEXT CHECK (name <> $$bad$$), PRIMARY KEY (book, name))'.replaceAll('$$', "'")); // prettier-ignore
    const writer = await open();
    const written = writer.write({ books: { id: 1 }, authors: { book: 1, name: 'bad' } });
    await expect(written).rejects.toThrow(/table "authors": CHECK constraint failed/);
    await writer.write({ books: { id: 2 } });
    expect(directory.query('SELECT id FROM books')).toEqual([{ id: 2 }]);
  });

  it.each([
    [{ book: { id: 1 } }, 'no table of the sink is called "book"; did you mean "books"?'],
    [{ zzz: 1 }, 'no table of the sink is called "zzz"; it has books, authors'],
    [[1], 'expected an object with rows by table (books, authors), got an array'],
  ])('is a bad row if it is %j', async (result, problem) => {
    const writer = await open();
    expect(() => writer.capture(result, [])).toThrow(BadRow);
    expect(() => writer.capture(result, [])).toThrow(problem);
  });

  it('may name tables of other sinks, and each sink writes only its own', async () => {
    const some = await open(undefined, { otherTables: ['prices'] });
    await some.write({ books: { id: 1 }, prices: { id: 1 } });
    expect(() => some.capture({ shops: {} }, [])).toThrow('it has books, authors, prices');
    const any = await open(undefined, { otherTables: 'any', writer: 2 });
    any.capture({ shops: {} }, []);
    expect(directory.query('SELECT id FROM books')).toEqual([{ id: 1 }]);
  });
});

describe('the newest version of a row', () => {
  it('wins, in whatever order the versions are written', async () => {
    const writer = await open({ table: 'results', key: 'id', newest: 'version' });
    for (const version of [2, 1, 3, 2]) await writer.write({ id: 1, version, text: `version ${version}` });
    await writer.write({ id: 1, version: 3, text: 'written again' });
    expect(directory.query()).toEqual([{ id: 1, version: 3, text: 'written again' }]);
  });

  it('replaces a row that has no version', async () => {
    directory.run(
      'CREATE TABLE results (id INTEGER PRIMARY KEY, version INTEGER)',
      'INSERT INTO results (id) VALUES (1)',
    );
    const writer = await open({ table: 'results', key: 'id', newest: 'version' });
    await writer.write({ id: 1, version: 0 });
    expect(directory.query()).toEqual([{ id: 1, version: 0 }]);
  });

  it('is a dead letter if its key equals that of a row only under the collation of the index', async () => {
    directory.run('CREATE TABLE results (name TEXT COLLATE NOCASE PRIMARY KEY, version INTEGER)');
    const writer = await open({ table: 'results', key: 'name', newest: 'version' });
    for (const version of [2, 1, 3, 2]) await writer.write({ name: 'a', version });
    await expect(writer.write({ name: 'A', version: 9 })).rejects.toThrow('is a different text that is equal under');
    expect(directory.query()).toEqual([{ name: 'a', version: 3 }]);
  });

  it.each(['INSERT', 'UPDATE'])(
    'is a dead letter if a trigger on %s drops it, and an older version is not',
    async (on) => {
      directory.run(
        'CREATE TABLE results (id INTEGER PRIMARY KEY, version INTEGER)',
        'INSERT INTO results VALUES (1, 2)',
        `CREATE TRIGGER t BEFORE ${on} ON results WHEN new.version > 2 BEGIN SELECT RAISE(IGNORE); END`,
      );
      const writer = await open({ table: 'results', key: 'id', newest: 'version' });
      await writer.write({ id: 1, version: 1 }, { id: 2, version: 2 });
      await expect(writer.write({ id: 1, version: 3 })).rejects.toThrow('a trigger (RAISE(IGNORE))');
      expect(directory.query()).toEqual([
        { id: 1, version: 2 },
        { id: 2, version: 2 },
      ]);
    },
  );

  it('may be determined by a column of the key', async () => {
    directory.run('CREATE TABLE results (id, version, text, PRIMARY KEY (id, version))');
    const writer = await open({ table: 'results', key: ['id', 'version'], newest: 'version' });
    for (const version of [2, 1, 2]) await writer.write({ id: 1, version });
    for (const text of ['a', 'b']) await writer.write({ id: 1, version: 1, text });
    expect(directory.query()).toEqual([
      { id: 1, version: 2, text: null },
      { id: 1, version: 1, text: 'b' },
    ]);
  });

  it.each([{ id: 1 }, { id: 1, version: null }])('cannot be determined for %j', async (row) => {
    const writer = await open({ table: 'results', key: 'id', newest: 'version' });
    expect(() => writer.capture(row, [])).toThrow('expected a value for "version", which tells the newest version');
  });
});

describe('the options of several tables', () => {
  it.each<[object, string]>([
    [{ tables: {} }, 'tables: expected at least one'],
    [{ table: 'a', tables }, 'expected table inside tables'],
    [{ tables: { a: { kee: 'id' } } }, 'tables: "a": unknown option kee; did you mean "key"?'],
    [{ tables: { a: { newest: 'v' } } }, 'tables: "a": newest: expected a key as well'],
    [{ tables: { a: { key: 'id', columns: { id: 'INTEGER' }, newest: 'v' } } }, 'tables: "a": newest: "v" is not among the columns'], // prettier-ignore
    [{ tables: { a: {}, A: {} } }, 'tables: "A" is named twice'],
  ])('are refused: %j', (options, problem) => {
    expect(() => to.sqlite({ file: 'x.db', ...options })).toThrow(problem);
  });

  it('make one sink with one record, whatever the order of the tables', () => {
    const ids = [
      { b: {}, A: {} },
      { a: {}, B: {} },
    ].map((some) => to.sqlite({ file: 'x.db', tables: some }).id);
    expect(ids).toEqual(['sqlite:a,b', 'sqlite:a,b']);
  });
});
