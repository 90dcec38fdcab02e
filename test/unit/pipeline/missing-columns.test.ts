import { describe, expect, it } from '@jest/globals';
import { from } from '../../../src/connectors/from.ts';
import { to } from '../../../src/connectors/to.ts';
import { missingColumns } from '../../../src/pipeline/missing-columns.ts';

const header = ['id', 'lent'] as const;
const file = { path: 'a.csv' };

/** The fields of the sink that need columns that the source does not have. */
function wrongIn(source: unknown, key: string, process?: unknown): string[] {
  const found = missingColumns({ source, process, sink: to.sqlite({ file: 'a.db', table: 'a', key }) });
  return found.map(({ path }) => path.join('.'));
}

describe('a key of the sink', () => {
  it('must be a column of the source if the source declares all of them', () => {
    expect(wrongIn(from.csv({ ...file, header }), 'number')).toEqual(['sink.key']);
    expect(wrongIn(from.csv({ ...file, header }), 'ID')).toEqual([]);
  });

  it('must be among the columns that are read from a table, if they are named', () => {
    const table = { file: 'in.db', table: 't' };
    expect(wrongIn(from.sqlite({ ...table, columns: ['id', 'name'] }), 'number')).toEqual(['sink.key']);
    expect(wrongIn(from.sqlite({ ...table, columns: ['id', 'name'] }), 'id')).toEqual([]);
    expect(wrongIn(from.sqlite(table), 'number')).toEqual([]);
  });

  it('may be any column of a file with a header line, except a boolean', () => {
    const source = from.csv({ ...file, types: { lent: 'boolean', id: 'integer', more: 'json' } });
    expect(wrongIn(source, 'number')).toEqual([]);
    expect(wrongIn(source, 'more')).toEqual([]);
    expect(wrongIn(source, 'lent')).toEqual(['sink.key']);
  });

  it('may be any property of a result of `process`, and of items with unknown properties', () => {
    expect(wrongIn(from.csv({ ...file, header }), 'number', () => ({ number: 1 }))).toEqual([]);
    expect(wrongIn(from.ndjson(file), 'number')).toEqual([]);
    expect(wrongIn([{ id: 1 }], 'number')).toEqual([]);
  });
});
