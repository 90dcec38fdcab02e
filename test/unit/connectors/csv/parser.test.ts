import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { standard, itemsOf, rowsOf } from '../../../support/csv.ts';

const header = ['id', 'name'];
const messages = async (text: string, columns = {}): Promise<unknown[]> =>
  (await itemsOf(text, { header, ...columns })).map((item) => (item instanceof Error ? item.message : item));

describe('a CSV row', () => {
  it('has null for an empty field, and empty text for an empty field in quotes', async () => {
    expect(await itemsOf('1,\n,""\n', { header })).toEqual([
      { id: '1', name: null },
      { id: null, name: '' },
    ]);
  });

  it('has null for the texts that stand for it, unless they are quoted', async () => {
    expect(await itemsOf('NULL,"NULL"\n,\\N\n', { header, nulls: ['NULL', '\\N'] })).toEqual([
      { id: null, name: 'NULL' },
      { id: '', name: null },
    ]);
  });

  it('has values of the declared types, even if they are quoted', async () => {
    expect(await itemsOf('"1",true\n,\n', { header, types: { id: 'integer', name: 'boolean' } })).toEqual([
      { id: 1, name: true },
      { id: null, name: null },
    ]);
  });

  it('has its properties in the order of the columns, whatever the names of the columns', async () => {
    const [item] = await itemsOf('1,2,3\n', { header: ['constructor', 'toString', 'hasOwnProperty'] });
    expect(Object.entries(item as object)).toEqual([
      ['constructor', '1'],
      ['toString', '2'],
      ['hasOwnProperty', '3'],
    ]);
  });

  it('reports which value does not have its declared type', async () => {
    expect(await messages('1e3,x\n9007199254740993,y\n2,z\n', { types: { id: 'integer' } })).toEqual([
      'column "id": expected a whole number; got "1e3"',
      'column "id": expected a whole number up to 9007199254740991; declare the column as text; got "9007199254740993"',
      { id: 2, name: 'z' },
    ]);
  });

  it('reports how many fields it has if their number differs from that of the header', async () => {
    expect(await messages('1\n1,2,3\n1,"2,3",4,5\n1,2\n')).toEqual([
      'expected 2 fields, as in the header; got 1 field',
      'expected 2 fields, as in the header; got 3 fields',
      'expected 2 fields, as in the header; got 4 fields',
      { id: '1', name: '2' },
    ]);
  });

  it('reports what is wrong with its quotes, and the other rows are read', async () => {
    expect(await messages('1,"x" y\n2,b\n3,"never closed\n4,d\n')).toEqual([
      'expected a delimiter or the end of the line after the closing quote of field 2, got " y"; a quote inside a quoted field must be doubled (or escaped)',
      { id: '2', name: 'b' },
      'the quote that opens field 2 is not closed; the record was cut at its first line end',
      { id: '4', name: 'd' },
    ]);
  });

  it('is an error if its bytes are not UTF-8, and no other row is affected', async () => {
    const text = Buffer.concat([Buffer.from('1,ä\n2,'), Buffer.from([0xe4]), Buffer.from('\n3,\uFFFD\n')]);
    const rows = await rowsOf([text], standard);
    expect(rows[0]).toEqual(['1', 'ä']);
    expect(rows[1]).toMatchObject({ message: expect.stringContaining('got 0xe4 at byte 2 of the record') });
    expect(rows[2]).toEqual(['3', '\uFFFD']);
  });

  it('is the same whether it is parsed with others or alone', async () => {
    const row = fc.tuple(fc.constantFrom('1', '"a,b"', 'ü', '"x""y"', '', '"open'), fc.constantFrom('2', '""', '"z"'));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (rows) => {
        const lines = rows.map((fields) => `${fields.join(',')}\n`).filter((line) => !line.includes('"open'));
        const together = await messages(lines.join(''));
        const alone = await Promise.all(lines.map((line) => messages(line)));
        expect(together).toEqual(alone.flat());
      }),
    );
  });
});
