import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Intervals } from '../../../../src/core/intervals.ts';
import { BadRow } from '../../../../src/sinks/port.ts';
import { Directory } from './a-directory.ts';
import { batchWith } from '../../../contract/captured-by.ts';

let directory: Directory;
beforeEach(() => {
  directory = new Directory();
});
afterEach(async () => await directory.dispose());

function columnsOf(table = 'results'): unknown[] {
  return directory
    .query(`SELECT name, type, pk FROM pragma_table_info('${table}')`)
    .map((column) => Object.values(column as object));
}

describe('a missing table', () => {
  it('is created from the first result, with columns without types', async () => {
    const writer = await directory.open({ key: ['region', 'id'] });
    await writer.write({
      id: 1,
      region: 'kanto',
      height: 0.7,
      big: 7n,
      wild: true,
      seen: new Date(0),
      picture: new Uint8Array([1]),
      types: ['grass'],
      stats: { hp: 45 },
      note: null,
      later: undefined,
    });
    expect(columnsOf()).toEqual([
      ['id', '', 2],
      ['region', '', 1],
      ['height', '', 0],
      ['big', '', 0],
      ['wild', '', 0],
      ['seen', '', 0],
      ['picture', '', 0],
      ['types', '', 0],
      ['stats', '', 0],
      ['note', '', 0],
      ['later', '', 0],
    ]);
  });

  it('is created from the declared columns when the sink is opened', async () => {
    await directory.open({
      key: 'id',
      columns: { id: 'INTEGER', name: 'VARCHAR(20) NOT NULL', price: 'DECIMAL(10, 2)' },
    });
    expect(columnsOf()).toEqual([
      ['id', 'INTEGER', 1],
      ['name', 'VARCHAR(20)', 0],
      ['price', 'DECIMAL(10, 2)', 0],
    ]);
  });

  it('is not created by a batch that is rejected', async () => {
    const writer = await directory.open();
    await expect(writer.write({ id: 1 }, { id: Number.NaN })).rejects.toThrow(BadRow);
    expect(columnsOf()).toEqual([]);
    await writer.write({ id: 2 });
    expect(directory.query()).toEqual([{ id: 2 }]);
  });

  it('may have any name, and columns with any name', async () => {
    const table = 'drop table "x"; -- ü';
    const row = { 'a "b"': 1, select: 2, "it's": 3, rowid: 4, ' ': 5 };
    const writer = await directory.open({ table, key: 'a "b"' });
    await writer.write(row);
    await writer.write({ ...row, select: 20 });
    expect(directory.query('SELECT * FROM "drop table ""x""; -- ü"')).toEqual([{ ...row, select: 20 }]);
  });

  it.each([
    ['a column without a name', { id: 1, '': 1 }, 'empty text'],
    ['a NUL in a column', { id: 1, 'a\0b': 1 }, 'NUL'],
    ['two columns that are the same to SQLite', { id: 1, ID: 2 }, 'column "ID" is given twice'],
    ['no value for the key', { name: 'x' }, 'expected a value for the key "id", got none'],
    ['more columns than SQLite takes', manyColumns(2001), 'table "results": too many columns'],
    ['no properties', {}, 'at least one column'],
  ])('cannot be created from a result with %s', async (_what, row, text) => {
    const writer = await directory.open({ key: 'id' });
    const written = writer.write(row);
    await expect(written).rejects.toThrow(BadRow);
    await expect(written).rejects.toThrow(text);
    expect(columnsOf()).toEqual([]);
  });

  it('is a configuration error if SQLite cannot create it with the declared columns', async () => {
    const opened = directory.open({ key: 'id', columns: { id: 'INTEGER PRIMARY KEY' } });
    await expect(opened).rejects.toMatchObject({ code: 'SINK_TABLE', exitCode: 78 });
  });

  it('is created by the first writer that needs it', async () => {
    const [first, second] = [
      await directory.open({ key: 'id' }, { writer: 1 }),
      await directory.open({ key: 'id' }, { writer: 2 }),
    ];
    await first.write({ id: 1, name: 'a' });
    const captured: unknown[] = [];
    second.capture({ id: 2, name: 'b' }, captured);
    await second.commit(batchWith(Intervals.of([2, 2]), captured));
    expect(directory.query()).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ]);
  });
});

describe('an existing table', () => {
  it('that lacks a declared column is refused when the sink is opened', async () => {
    directory.run('CREATE TABLE results (Id INTEGER, label TEXT)');
    const opened = directory.open({ columns: { id: 'INTEGER', name: 'TEXT', price: 'REAL' } });
    await expect(opened).rejects.toMatchObject({ code: 'SINK_TABLE', exitCode: 78 });
    await expect(opened).rejects.toThrow('expected the columns id, name, price, but name and price are missing');
    await expect(opened).rejects.toThrow('it has Id, label');
  });

  it('is used unchanged, with its defaults, computed columns and names of any case', async () => {
    directory.run("CREATE TABLE Results (Id INTEGER, name TEXT DEFAULT 'none', double AS (Id * 2))");
    const writer = await directory.open();
    await writer.write({ id: 1 }, { ID: 2, Name: 'b' }, { id: 3, name: undefined }, { id: 4, name: null });
    expect(directory.query('SELECT * FROM results')).toEqual([
      { Id: 1, name: 'none', double: 2 },
      { Id: 2, name: 'b', double: 4 },
      { Id: 3, name: 'none', double: 6 },
      { Id: 4, name: null, double: 8 },
    ]);
  });

  it.each([
    [
      'a column that it does not have',
      { id: 1, nmae: 'x' },
      'table "results": expected one of its columns (id, name), got "nmae"',
    ],
    ['a column that it computes', { id: 1, twice: 2 }, 'got "twice"'],
    ['one column twice', { id: 1, ID: 2 }, 'given twice'],
    ['a name of SQLite for its row number', { rowid: 1 }, 'got "rowid"'],
    ['a duplicate of a unique column', { id: 7 }, 'UNIQUE constraint failed: results.id'],
    ['null where it takes none', { id: 8, name: null }, 'NOT NULL constraint failed: results.name'],
  ])('makes a bad row of a result with %s', async (_what, row, text) => {
    directory.run("CREATE TABLE results (id INTEGER UNIQUE, name TEXT NOT NULL DEFAULT '', twice AS (id * 2))");
    directory.run('INSERT INTO results (id) VALUES (7)');
    const writer = await directory.open();
    const written = writer.write({ id: 100 }, row);
    await expect(written).rejects.toThrow(BadRow);
    await expect(written).rejects.toThrow(text);
    expect(directory.query('SELECT id FROM results')).toEqual([{ id: 7 }]);
    await writer.write({ id: 101 });
  });

  it.each([
    [
      'a strict type',
      'CREATE TABLE results (id INTEGER) STRICT',
      { id: 'x' },
      'cannot store TEXT value in INTEGER column',
    ],
    ['the row number', 'CREATE TABLE results (id INTEGER PRIMARY KEY)', { id: 'x' }, 'datatype mismatch'],
    ['a check', 'CREATE TABLE results (id INTEGER CHECK (id > 0))', { id: -1 }, 'CHECK constraint failed'],
    [
      'a foreign key that is checked at the end',
      'CREATE TABLE results (id INTEGER REFERENCES others (id) DEFERRABLE INITIALLY DEFERRED); CREATE TABLE others (id INTEGER PRIMARY KEY)',
      { id: 1 },
      'table "results": FOREIGN KEY constraint failed',
    ],
    [
      'a trigger that rolls back all of it',
      "CREATE TABLE results (id); CREATE TRIGGER no BEFORE INSERT ON results BEGIN SELECT RAISE(ROLLBACK, 'not this one'); END",
      { id: 1 },
      'not this one',
    ],
  ])('makes a bad row of a result that %s forbids, and keeps nothing of its batch', async (_what, table, row, text) => {
    directory.run(table);
    const writer = await directory.open();
    const written = writer.write(row);
    await expect(written).rejects.toThrow(BadRow);
    await expect(written).rejects.toThrow(text);
    expect(directory.query()).toEqual([]);
    expect(await writer.ask(0, 10)).toEqual([]);
  });

  it('accepts a column that was added while the sink was open', async () => {
    const writer = await directory.open();
    await writer.write({ id: 1 });
    directory.run('ALTER TABLE results ADD COLUMN name TEXT');
    await writer.write({ id: 2, name: 'b' });
    expect(directory.query()).toEqual([
      { id: 1, name: null },
      { id: 2, name: 'b' },
    ]);
  });

  it.each([
    ['a view', 'CREATE VIEW results AS SELECT 1 AS id', 'got a view'],
    ['a writable view', "CREATE VIEW results AS SELECT 1 AS id; CREATE TRIGGER i INSTEAD OF INSERT ON results BEGIN SELECT 1; END", 'got a view'], // prettier-ignore
    ['a virtual table', 'CREATE VIRTUAL TABLE results USING fts5 (id)', 'got a virtual table'],
    ['a table with a trigger that does not compile', 'CREATE TABLE results (id); CREATE TRIGGER t AFTER INSERT ON results BEGIN INSERT INTO audit VALUES (new.id); END', 'no such table: main.audit; check its triggers'], // prettier-ignore
    ['a table that refers to a missing table', 'CREATE TABLE results (id INTEGER REFERENCES others (id))', 'no such table: main.others; check its triggers and foreign keys'], // prettier-ignore
  ])('that is %s is refused when the sink is opened', async (_what, table, text) => {
    directory.run(table);
    const opened = directory.open();
    await expect(opened).rejects.toMatchObject({ code: 'SINK_TABLE', exitCode: 78 });
    await expect(opened).rejects.toThrow(text);
  });

  it('with a trigger on updates that does not compile is refused if results may update the table', async () => {
    directory.run('CREATE TABLE results (id PRIMARY KEY, name)');
    directory.run('CREATE TRIGGER t AFTER UPDATE OF name ON results BEGIN DELETE FROM audit; END');
    await directory.open();
    await expect(directory.open({ key: 'id' })).rejects.toMatchObject({ code: 'SINK_TABLE', exitCode: 78 });
  });

  it.each([
    ['becomes a view', 'DROP TABLE results; CREATE VIEW results AS SELECT 1 AS id', 'got a view'],
    ['is dropped', 'DROP TABLE results', 'it no longer exists'],
    ['gets a trigger that does not compile', 'CREATE TRIGGER t AFTER INSERT ON results BEGIN DELETE FROM audit; END', 'no such table: main.audit'], // prettier-ignore
  ])('that %s while the sink is open ends the run, and no row is blamed', async (_what, change, text) => {
    const writer = await directory.open();
    await writer.write({ id: 1 });
    await writer.write({ id: 2 });
    directory.run(change);
    const written = writer.write({ id: 3 });
    await expect(written).rejects.toMatchObject({ code: 'SINK_TABLE', exitCode: 78 });
    await expect(written).rejects.toThrow(text);
  });

  it.each([
    [
      'a trigger that refuses a row',
      "BEFORE INSERT ON results WHEN new.id = 7 BEGIN SELECT RAISE(ABORT, 'not 7'); END",
      'not 7',
    ],
    [
      'a trigger that fails for a row',
      'AFTER INSERT ON results WHEN new.id = 7 BEGIN SELECT json(new.name); END',
      'malformed JSON',
    ],
    [
      'a trigger that ignores a row',
      'BEFORE INSERT ON results WHEN new.id = 7 BEGIN SELECT RAISE(IGNORE); END',
      'dropped the row',
    ],
  ])('with %s rejects that row as bad, and stores the others', async (_what, trigger, text) => {
    directory.run('CREATE TABLE results (id, name)', `CREATE TRIGGER t ${trigger}`);
    const writer = await directory.open();
    await writer.write({ id: 6, name: '{' });
    const written = writer.write({ id: 7, name: '{' });
    await expect(written).rejects.toThrow(BadRow);
    await expect(written).rejects.toThrow(text);
    expect(directory.query('SELECT id FROM results')).toEqual([{ id: 6 }]);
  });

  it('makes a bad row of a result that ON CONFLICT IGNORE would drop', async () => {
    directory.run('CREATE TABLE results (id INTEGER UNIQUE ON CONFLICT IGNORE)');
    const writer = await directory.open();
    await writer.write({ id: 1 });
    await expect(writer.write({ id: 1 })).rejects.toThrow('dropped the row');
  });

  it('may have a trigger that writes to another table', async () => {
    directory.run('CREATE TABLE results (id PRIMARY KEY, name)', 'CREATE TABLE audit (id)');
    directory.run('CREATE TRIGGER t AFTER INSERT ON results BEGIN INSERT INTO audit VALUES (new.id); END');
    const writer = await directory.open({ key: 'id' });
    await writer.write({ id: 1, name: 'a' }, { id: 1, name: 'b' }, { id: 2 });
    expect(directory.query('SELECT id FROM audit')).toEqual([{ id: 1 }, { id: 2 }]);
  });
});

describe('with a key', () => {
  it('a result updates the row with its key, in the columns that the result contains', async () => {
    const writer = await directory.open({ key: ['region', 'id'] });
    await writer.write(
      { region: 'kanto', id: 1, name: 'a', note: 'x' },
      { region: 'johto', id: 1, name: 'b', note: 'y' },
    );
    await writer.write({ region: 'kanto', id: 1, name: 'A' }, { note: 'Y', id: 1, region: 'johto' });
    await writer.write({ region: 'johto', id: 1, note: undefined, name: null });
    expect(directory.query()).toEqual([
      { region: 'kanto', id: 1, name: 'A', note: 'x' },
      { region: 'johto', id: 1, name: null, note: 'Y' },
    ]);
  });

  it('a result that is only a key is stored once', async () => {
    const writer = await directory.open({ key: 'id' });
    await writer.write({ id: 'a' }, { id: 'b' }, { id: 'a' });
    expect(directory.query()).toEqual([{ id: 'a' }, { id: 'b' }]);
  });

  it('a result that is only a key is a dead letter if a trigger drops it', async () => {
    directory.run(
      'CREATE TABLE results (id TEXT PRIMARY KEY)',
      "CREATE TRIGGER t BEFORE INSERT ON results WHEN new.id = 'b' BEGIN SELECT RAISE(IGNORE); END",
    );
    const writer = await directory.open({ key: 'id' });
    await writer.write({ id: 'a' }, { id: 'a' });
    await expect(writer.write({ id: 'b' })).rejects.toThrow('dropped the row');
  });

  it.each([
    ['null', { id: null, name: 'x' }, 'table "results", column "id": expected a value for the key, got null'],
    ['missing', { name: 'x' }, 'expected a value for the key "id", got none'],
    ['undefined', { id: undefined, name: 'x' }, 'expected a value for the key "id", got none'],
  ])('a result whose key is %s is a bad row', async (_what, row, text) => {
    const writer = await directory.open({ key: 'id' });
    await writer.write({ id: 1, name: 'a' });
    const written = writer.write(row);
    await expect(written).rejects.toThrow(BadRow);
    await expect(written).rejects.toThrow(text);
  });

  it.each([
    'CREATE TABLE results (id INTEGER PRIMARY KEY, region TEXT)',
    'CREATE TABLE results (id NUMERIC UNIQUE, region TEXT)',
    'CREATE TABLE results (id, region, PRIMARY KEY (region)); CREATE UNIQUE INDEX i ON results (id)',
  ])('the table is accepted if SQLite can identify rows by the key: %s', async (table) => {
    directory.run(table);
    const writer = await directory.open({ key: 'ID' });
    await writer.write({ id: 1, region: 'a' });
    await writer.write({ id: 1, region: 'b' });
    expect(directory.query('SELECT region FROM results')).toEqual([{ region: 'b' }]);
  });

  it.each([
    'CREATE TABLE results (id INTEGER, region TEXT)',
    'CREATE TABLE results (id INTEGER, region TEXT, UNIQUE (id, region))',
    'CREATE TABLE results (id INTEGER, region TEXT); CREATE UNIQUE INDEX i ON results (id) WHERE id > 5',
    'CREATE TABLE results (id INTEGER, region TEXT); CREATE INDEX i ON results (id)',
  ])('the table is refused, with a suggestion, if SQLite cannot identify rows by the key: %s', async (table) => {
    directory.run(table);
    const opened = directory.open({ key: 'id' });
    await expect(opened).rejects.toMatchObject({ code: 'SINK_KEY', exitCode: 78 });
    await expect(opened).rejects.toThrow('CREATE UNIQUE INDEX "results_key" ON "results" ("id")');
  });

  it.each([
    ['is not there', 'CREATE TABLE results (region TEXT)'],
    ['is computed', 'CREATE TABLE results (region TEXT, id AS (region || 1))'],
  ])('the table is refused if its column %s', async (_what, table) => {
    directory.run(table);
    const opened = directory.open({ key: 'id' });
    await expect(opened).rejects.toMatchObject({ code: 'SINK_KEY', exitCode: 78 });
    await expect(opened).rejects.toThrow('it has no column "id" that can be written (it has region)');
  });
});

describe('a row', () => {
  it.each([
    ['null', null, 'got null'],
    ['an array', [1], 'got an array'],
    ['text', 'x', 'got a string'],
    ['a Map', new Map([['id', 1]]), 'got an instance of Map'],
    [
      'an instance of a class',
      new (class Pokemon {
        id = 1;
      })(),
      'got an instance of Pokemon',
    ],
    ['a Promise', Promise.resolve({ id: 1 }), 'got a Promise (is an await missing?)'],
  ])('that is %s is refused as bad', async (_what, row, text) => {
    const writer = await directory.open();
    await writer.write({ id: 1 });
    const written = writer.write(row);
    await expect(written).rejects.toThrow(BadRow);
    await expect(written).rejects.toThrow(`table "results": expected a plain object as a row, ${text}`);
  });

  it('with a bad value in a secret column is refused without showing the value', async () => {
    const isSecret = (name: string): boolean => name === 'iban';
    for (const columns of [{ iban: 'INTEGER' }, undefined]) {
      const writer = await directory.open(columns && { columns }, { isSecret });
      const key = columns ? { iban: '08001' } : { iban: '08001', extra: NaN };
      const error: unknown = await writer.write(key).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(BadRow);
      expect((error as Error).message).not.toContain('08001');
    }
  });

  it('does not contain properties that a program has added to Object.prototype', async () => {
    const prototype = Object.prototype as { added?: string };
    try {
      Object.defineProperty(prototype, 'added', { value: 'x', enumerable: true, configurable: true });
      const writer = await directory.open();
      await writer.write({ id: 1, added: 'its own' });
      await writer.write({ id: 2, added: 'its own' });
      await writer.write({ id: 3 });
      await writer.write({ id: 4 });
    } finally {
      delete prototype.added;
    }
    expect(directory.query()).toEqual([
      { id: 1, added: 'its own' },
      { id: 2, added: 'its own' },
      { id: 3, added: null },
      { id: 4, added: null },
    ]);
  });

  it('may have no prototype', async () => {
    const writer = await directory.open();
    await writer.write(Object.assign(Object.create(null) as object, { id: 1 }));
    expect(directory.query()).toEqual([{ id: 1 }]);
  });

  it('that throws when it is read is refused as bad', async () => {
    const writer = await directory.open();
    const row = {
      id: 1,
      get name(): string {
        throw new Error('no name today');
      },
    };
    const written = writer.write(row);
    await expect(written).rejects.toThrow(BadRow);
    await expect(written).rejects.toThrow('table "results": the row cannot be written: no name today');
  });

  it('that changes each time it is read is refused as bad', async () => {
    let reads = 0;
    const writer = await directory.open();
    await writer.write({ id: 1, name: 'a' });
    const row = {
      id: 2,
      get name(): string | undefined {
        reads++;
        return reads % 2 === 0 ? 'b' : undefined;
      },
    };
    await expect(writer.write(row)).rejects.toThrow('expected a row that does not change');
    expect(directory.query()).toEqual([{ id: 1, name: 'a' }]);
  });

  it('may contain any of the columns, in any order', async () => {
    const names = Array.from({ length: 9 }, (_, i) => `c${i}`);
    const subsets = Array.from({ length: 511 }, (_, i) => names.filter((_name, bit) => ((i + 1) >> bit) & 1));
    const rows = subsets.map((subset, row) => Object.fromEntries(subset.map((name, i) => [name, row * 10 + i])));
    const writer = await directory.open({ columns: Object.fromEntries(names.map((name) => [name, 'INTEGER'])) });
    await writer.write(...rows, ...rows.map((row) => Object.fromEntries(Object.entries(row).toReversed())));
    const nothing = Object.fromEntries(names.map((name) => [name, null]));
    expect(directory.query()).toEqual([...rows, ...rows].map((row) => ({ ...nothing, ...row })));
  });
});

function manyColumns(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [i === 0 ? 'id' : `c${i}`, i]));
}
