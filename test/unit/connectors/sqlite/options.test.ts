import { describe, expect, it } from '@jest/globals';
import { to } from '../../../../src/connectors/to.ts';
import type { SqliteOptions } from '../../../../src/connectors/sqlite/sink.ts';
import { checkOptions } from '../../../../src/connectors/sqlite/options.ts';

const good = { file: 'a.db', table: 't' };
import { shown } from '../../../../src/values/values.ts';

describe('the options of to.sqlite()', () => {
  it('make a specification that describes the sink', () => {
    const sink = to.sqlite({ file: 'out/pokedex.db', table: 'pokemon', key: 'id' });
    expect({ ...sink, target: shown(undefined, sink.target) }).toMatchObject({
      kind: 'sqlite',
      delivery: 'transaction',
      target: 'out/pokedex.db, table pokemon',
    });
  });

  it('accept one column or a list of columns as the key', () => {
    expect(checkOptions({ ...good, key: 'id' }).tables[0]!.key).toEqual(['id']);
    expect(checkOptions({ ...good, key: ['a', 'b'] }).tables[0]!.key).toEqual(['a', 'b']);
    expect(checkOptions(good).tables[0]!.key).toEqual([]);
  });

  it.each([
    'INTEGER',
    'text',
    'TEXT NOT NULL',
    'VARCHAR(20)',
    'DECIMAL (10, 2) NOT NULL',
    'INTEGER DEFAULT 0',
    'UNSIGNED BIG INT',
    'TEXT COLLATE NOCASE UNIQUE',
    'NUMERIC DEFAULT (1) NOT NULL',
    'INTEGER REFERENCES others',
  ])('accept the type %p', (type) => {
    expect(checkOptions({ ...good, columns: { a: type } }).tables[0]!.columns).toEqual({ a: type });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'expected { file, table'],
    ['text', 'a.db', 'expected { file, table'],
    ['an unknown one', { ...good, tabel: 't' }, 'unknown option tabel; did you mean "table"?'],
    [
      'one that is like none',
      { ...good, where: 't' },
      'unknown option where; the options are file, table, key, columns',
    ],
    ['no file', { table: 't' }, 'file: expected the path'],
    ['an empty file', { ...good, file: '' }, 'file: expected the path'],
    ['a database in memory', { ...good, file: ':memory:' }, 'expected a path of a file on disk'],
    ['a URI', { ...good, file: 'file:a.db?mode=ro' }, 'expected a path'],
    ['a file that ends with a space', { ...good, file: 'a.db ' }, 'white space'],
    ['a NUL in the file', { ...good, file: 'a\0.db' }, 'NUL'],
    ['no table', { file: 'a.db' }, 'table: expected text, got a undefined'],
    ['an empty table', { ...good, table: '' }, 'table: expected a name'],
    ['a NUL in the table', { ...good, table: 'a\0' }, 'table: a name cannot hold a NUL'],
    ['half a surrogate pair', { ...good, table: '\uDC00' }, 'half a surrogate pair'],
    ['a table of ours', { ...good, table: 'Millrace_ledger' }, 'millrace_ or sqlite_ are reserved'],
    ['a table of SQLite', { ...good, table: 'sqlite_x' }, 'millrace_ or sqlite_ are reserved'],
    ['an empty key', { ...good, key: [] }, 'key: expected at least one column'],
    ['a key that is no name', { ...good, key: 5 }, 'key: expected text, got a number'],
    ['a key with a column twice', { ...good, key: ['id', 'ID'] }, 'key: "ID" is named twice'],
    ['a list of columns', { ...good, columns: ['id'] }, 'columns: expected {'],
    ['no columns', { ...good, columns: {} }, 'columns: expected at least one'],
    ['a column without a name', { ...good, columns: { '': 'TEXT' } }, 'columns: expected a name'],
    ['a column twice', { ...good, columns: { a: 'TEXT', A: 'TEXT' } }, 'columns: "A" is named twice'],
    ['a type that is none', { ...good, columns: { a: null } }, '"a": expected a type such as INTEGER'],
    ['a key that is not among the columns', { ...good, key: 'id', columns: { a: 'TEXT' } }, 'key: "id" is not among'],
  ])('are refused with an explanation: %s', (_what, options, message) => {
    const make = (): unknown => to.sqlite(options as SqliteOptions<string>);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'SINK_OPTIONS', exitCode: 78 }));
  });

  it.each([
    '',
    ' ',
    'TEXT, evil TEXT',
    'TEXT)',
    'TEXT); DROP TABLE x',
    'TEXT DEFAULT (1',
    'TEXT DEFAULT ((1))',
    "TEXT DEFAULT 'x'",
    'TEXT DEFAULT "x"',
    'TEXT; DROP TABLE x',
    'TEXT -- x',
    'TEXT /* x */',
    'TEXT CHECK (a > 1)',
    'TEXT CHECK (random())',
    'TEXT\nNOT NULL',
    'TEXT\0',
    '5',
    '`x`',
    '[x]',
  ])('refuse text that is more than a type: %p', (type) => {
    expect(() => checkOptions({ ...good, columns: { a: type } })).toThrow('expected a type such as INTEGER');
  });
});
