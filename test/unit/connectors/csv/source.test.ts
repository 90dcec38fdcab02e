import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFile, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { from } from '../../../../src/connectors/from.ts';
import { recordsOf } from '../../../support/csv.ts';
import { decoded, openContext, readChunks, readItems } from '../../../support/read-source.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-csv-'));
  path = join(directory, 'a.csv');
});
afterEach(() => rmSync(directory, { recursive: true }));

const written = (content: string | Buffer): void => writeFileSync(path, content);
const rows = (count: number, first = 1): string =>
  Array.from({ length: count }, (_, i) => `${first + i},"name ${first + i}"\n`).join('');

describe('from.csv', () => {
  it('reads the rows of a file as objects', async () => {
    written('id,name\n1,a\n2,"b, c"\n');
    expect(await readItems(from.csv({ path, types: { id: 'integer' } }))).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b, c' },
    ]);
  });

  it('hides the values of secret columns in its errors', async () => {
    written('id,pass,pin\n1,1,x7\n2,"s3" cret,1\n3,{s3cret,2\n');
    const spec = from.csv({ path, types: { pass: 'json', pin: 'integer' } });
    const isSecret = (name: string): boolean => name === 'pass' || name === 'pin';
    const hidden = await decoded(spec, await readChunks(spec), { isSecret });
    expect(hidden).toEqual([
      'expected a whole number in column "pin", whose values are not shown',
      expect.stringContaining('after the closing quote of field 2, got something else;'),
      'expected JSON in column "pass", whose values are not shown',
    ]);
    expect(await decoded(spec, await readChunks(spec))).toEqual([
      'column "pin": expected a whole number; got "x7"',
      expect.stringContaining('got " cret,1"'),
      expect.stringMatching(/^column "pass": expected JSON \(.*\); got "\{s3cret"$/),
    ]);
  });

  it.each([
    ['an empty file', '', []],
    ['a file with only a header', 'id,name', []],
    ['a header and its line end', 'id,name\n', []],
    ['a file with only a byte order mark', '\uFEFF', []],
    ['a header after a byte order mark', '\uFEFFid,name\n1,a\n', [{ id: '1', name: 'a' }]],
    ['a quoted header after a byte order mark', '\uFEFF"id",name\n1,a\n', [{ id: '1', name: 'a' }]],
    [
      'blank lines anywhere',
      '\n\r\nid,name\n\n1,a\n\r\n\n2,b\n\n',
      [
        { id: '1', name: 'a' },
        { id: '2', name: 'b' },
      ],
    ],
    ['a last row without a line end', 'id,name\n1,a', [{ id: '1', name: 'a' }]],
    ['carriage returns with line feeds', 'id,name\r\n1,a\r\n', [{ id: '1', name: 'a' }]],
    [
      'carriage returns',
      'id,name\r1,a\r2,b\nc\r',
      [
        { id: '1', name: 'a' },
        { id: '2', name: 'b\nc' },
      ],
    ],
    ['line feeds, and returns in texts', 'id,name\n1,a\rb\n', [{ id: '1', name: 'a\rb' }]],
    ['a line end in the header', '"i\nd",name\n1,a\n', [{ 'i\nd': '1', name: 'a' }]],
  ])('reads %s', async (_, content, items) => {
    written(content);
    expect(await readItems(from.csv({ path }))).toEqual(items);
  });

  it('accepts column names for a file without a header', async () => {
    written('1;a\n');
    expect(await readItems(from.csv({ path, header: ['id', 'name'], delimiter: ';' }))).toEqual([
      { id: '1', name: 'a' },
    ]);
  });

  it('takes quotes as text if the option says so', async () => {
    written('id,name\n1,"a\n2,5" b\n');
    expect(await readItems(from.csv({ path, quote: false }))).toEqual([
      { id: '1', name: '"a' },
      { id: '2', name: '5" b' },
    ]);
  });

  it('reads a large file completely, wherever its chunks are cut', async () => {
    written(`id,name\n${rows(40_000)}`);
    const chunks = await readChunks(from.csv({ path, types: { id: 'integer' } }));
    expect(chunks.length).toBeGreaterThan(4);
    const items = await decoded(from.csv({ path }), chunks);
    expect(items).toHaveLength(40_000);
    expect(items.every((item, i) => (item as { id: number }).id === i + 1)).toBe(true);
  });

  it('reports where each chunk begins', async () => {
    const content = `id,name\n1,"two\nlines"\n\n${rows(40_000, 2)}`;
    written(content);
    for (const { at } of await readChunks(from.csv({ path }))) {
      const before = content.slice(0, at!.byte);
      expect(content[at!.byte - 1]).toBe('\n');
      expect(at).toEqual({ file: path, byte: at!.byte, line: before.split('\n').length });
    }
  });
});

describe('the header of from.csv', () => {
  it.each([
    ['two columns with the same name', 'id,id\n', 'a.csv, header: two columns are called "id"'],
    ['a column called __proto__', 'id,__proto__\n', 'a column cannot be called "__proto__"'],
    ['a quote that is not closed', '"id,name\n1,2\n', 'the quote that opens field 1 is not closed'],
    ['UTF-16', Buffer.from('\uFEFFid\n', 'utf16le'), 'expected UTF-8, got UTF-16'],
    ['bytes that are not UTF-8', Buffer.from('n\xe4me\n', 'latin1'), 'expected UTF-8, got 0xe4 at byte 1'],
    ['no column with a name that types uses', 'ids,name\n', 'unknown column "id"; did you mean "ids"?'],
  ])('is refused if it has %s', async (_, content, message) => {
    written(content);
    await expect(readItems(from.csv({ path, types: { id: 'integer' } }))).rejects.toMatchObject({
      message: expect.stringContaining(message),
      exitCode: 78,
    });
  });
});

describe('the fields of from.csv', () => {
  it('are all checked at once, and similar names are suggested', () => {
    const wrong = { path: 'a', delimeter: ';', quote: '""', header: [], onBadRow: 'ignore', types: { id: 'int' } };
    expect(() => from.csv(wrong as never)).toThrow(
      [
        'from.csv: onBadRow: expected "dead" or "fail", got "ignore"',
        'from.csv: header: expected at least one column',
        'from.csv: quote: expected one ASCII character, got "\\"\\""',
        'from.csv: types: "id": expected "integer" or "number" or "boolean" or "date" or "json" or "text", got "int"',
        'from.csv: unknown field delimeter; did you mean "delimiter"?',
      ].join('\n'),
    );
  });

  it.each([
    [{}, 'expected either path or stdin: true'],
    [{ path: 'a', stdin: true }, 'expected either path or stdin: true'],
    [{ path: 'a', delimiter: '"' }, 'delimiter: expected no character that is quote or escape'],
    [{ path: 'a', delimiter: '\n' }, 'delimiter: expected no character that ends a line'],
    [{ path: 'a', quote: false, escape: '\\' }, 'escape: expected none, because quote is false'],
    [{ path: 'a', encoding: 'latin1' }, 'encoding: expected "utf-8"'],
    [{ path: 'a', header: ['id'], types: { idd: 'integer' } }, 'unknown column "idd"; did you mean "id"?'],
    [{ path: 'a', maxItemBytes: '0' }, 'maxItemBytes: expected at least one byte'],
  ])('are refused if they are %j', (fields, message) => {
    expect(() => from.csv(fields as never)).toThrow(message);
  });
});

describe('a file that from.csv cannot read', () => {
  it('is named in the error', async () => {
    await expect(readItems(from.csv({ path }))).rejects.toThrow(`${path}: there is no such file.`);
    await expect(readItems(from.csv({ path: directory }))).rejects.toThrow('expected a file, got a directory');
  });
});

describe('a row that is too long', () => {
  it('is reported with its beginning, its place and its length, and the other rows are read', async () => {
    const long = `2,${'x'.repeat(300_000)}\n`;
    written(`id,name\n1,a\n${long}3,c\n`);
    const spec = from.csv({ path, maxItemBytes: '100KiB' });
    const chunks = await readChunks(spec);
    expect(await decoded(spec, chunks)).toEqual([
      { id: '1', name: 'a' },
      { id: '3', name: 'c' },
    ]);
    const [cut] = chunks.filter(({ length }) => length !== undefined);
    expect(cut).toMatchObject({ length: long.length, at: { file: path, byte: 12, line: 3 } });
    expect(cut!.bytes.toString()).toBe(long.slice(0, 64 * 1024));
  });

  it('extends to the end of the file if it has no line end', async () => {
    written(`id,name\n1,${'x'.repeat(200_000)}`);
    const [cut, ...more] = await readChunks(from.csv({ path, maxItemBytes: 1000 }));
    expect(cut).toMatchObject({ length: 200_002 });
    expect(more).toEqual([]);
  });

  it('does not swallow other rows if its quote is never closed', async () => {
    written(`id,name\n1,"a\n${rows(40_000, 2)}`);
    const spec = from.csv({ path, maxItemBytes: '10KiB' });
    const items = await readItems(spec);
    expect(items).toHaveLength(40_001);
    expect(items.slice(0, 2)).toEqual([
      'the quote that opens field 2 is not closed; the record was cut at its first line end',
      { id: '2', name: 'name 2' },
    ]);
  });
});

describe('from.csv after a restart', () => {
  it('continues after any chunk', async () => {
    written(`id,name\n${rows(40_000)}`);
    const spec = from.csv({ path });
    const chunks = await readChunks(spec);
    for (const [i, { cursor }] of chunks.entries()) {
      const rest = await readChunks(spec, { cursor: JSON.parse(JSON.stringify(cursor)) as unknown });
      expect(recordsOf(rest).join('')).toBe(recordsOf(chunks.slice(i + 1)).join(''));
      expect(rest[0]?.at).toEqual(chunks[i + 1]?.at);
    }
  });

  it('rereads only the beginning of the file and the last row', async () => {
    const content = `id,name\n${rows(40_000)}`;
    written(content);
    const spec = from.csv({ path });
    const chunks = await readChunks(spec);
    const { cursor, at } = chunks[2]!;
    // The bytes in between are overwritten, so reading them would show.
    written(content.slice(0, 4096) + 'x'.repeat(at!.byte - 4096) + content.slice(at!.byte));
    const rest = await readChunks(spec, { cursor });
    expect(recordsOf(rest).join('')).toBe(recordsOf(chunks.slice(3)).join(''));
  });

  it('continues in a file that has grown', async () => {
    written(`id,name\n${rows(3)}`);
    const spec = from.csv({ path });
    const { cursor } = (await readChunks(spec))[0]!;
    appendFileSync(path, rows(2, 4));
    expect(await readItems(spec, { cursor })).toEqual([
      { id: '4', name: 'name 4' },
      { id: '5', name: 'name 5' },
    ]);
  });

  it.each([
    ['has a changed beginning', (content: string) => content.replace('name 1', 'game 1'), 'its beginning has changed'],
    ['was cut', (content: string) => content.slice(0, -5), 'it now ends at byte'],
    [
      'has a different last row',
      (content: string) => content.replace('name 5000"', 'game 5000"'),
      'differs from the one that was read',
    ],
    ['is empty', () => '', 'it has only 0 bytes now'],
    ['is compressed now', (content: string) => gzipSync(content), 'it was not compressed'],
  ])('refuses a file that %s', async (_, change, message) => {
    const content = `id,name\n${rows(5000)}`;
    written(content);
    const spec = from.csv({ path });
    const cursor = (await readChunks(spec)).at(-1)!.cursor;
    written(change(content));
    await expect(readItems(spec, { cursor })).rejects.toMatchObject({
      message: expect.stringContaining(message),
      exitCode: 78,
    });
  });

  it('refuses text appended to a row that had no line end', async () => {
    written('id,name\n1,a');
    const spec = from.csv({ path });
    const { cursor } = (await readChunks(spec))[0]!;
    expect(await readItems(spec, { cursor })).toEqual([]);
    appendFileSync(path, 'bc\n2,d\n');
    await expect(readItems(spec, { cursor })).rejects.toThrow('its last record had no line end');
  });

  it('refuses the cursor of another kind of source', async () => {
    written('id,name\n1,a');
    await expect(readItems(from.csv({ path }), { cursor: { page: 3 } })).rejects.toThrow(
      'expected the cursor of a file',
    );
  });
});

describe('a compressed file', () => {
  it('is read like any other, and from its start after a restart, which is logged', async () => {
    written(gzipSync(`id,name\n${rows(40_000)}`));
    const spec = from.csv({ path });
    const chunks = await readChunks(spec);
    expect(await decoded(spec, chunks)).toHaveLength(40_000);
    const lines: string[] = [];
    const log = { info: (line: string) => lines.push(line) } as never;
    const rest = await readItems(spec, { cursor: chunks[1]!.cursor, log });
    expect(rest).toEqual(await decoded(spec, chunks.slice(2)));
    expect(lines).toEqual([expect.stringContaining('is compressed: reading it from its start')]);
  });

  it('may consist of several compressed files in sequence', async () => {
    written(Buffer.concat([gzipSync('id,name\n1,a\n'), gzipSync('2,b\n')]));
    expect(await readItems(from.csv({ path }))).toHaveLength(2);
  });

  it('is an error if it is cut off, after the items before the cut were read', async () => {
    const whole = gzipSync(`id,name\n${rows(40_000)}`);
    written(whole.subarray(0, whole.length - 100));
    const source = await from.csv({ path }).open(openContext());
    let count = 0;
    const reading = async (): Promise<void> => {
      for await (const chunk of source.read()) count += 'ends' in chunk ? chunk.ends.length : 0;
    };
    await expect(reading()).rejects.toMatchObject({
      message: expect.stringContaining('ends in the middle of its data'),
      exitCode: 78,
    });
    expect(count).toBeGreaterThan(30_000);
    await source.close?.();
  });

  it('is an error if it is damaged', async () => {
    const whole = gzipSync(rows(1000));
    whole.fill(0, 500, 600);
    written(whole);
    await expect(readItems(from.csv({ path }))).rejects.toThrow('the compressed file is damaged');
  });
});

describe('a pipe', () => {
  const pipe = (content: string): void => {
    execFileSync('mkfifo', [path]);
    writeFile(path, content, () => undefined);
  };

  it('is read as data arrives, without cursors', async () => {
    pipe('id,name\n1,a\n2,b');
    const spec = from.csv({ path });
    const chunks = await readChunks(spec);
    expect(await decoded(spec, chunks)).toEqual([
      { id: '1', name: 'a' },
      { id: '2', name: 'b' },
    ]);
    expect(chunks.map(({ cursor }) => cursor)).toEqual(chunks.map(() => undefined));
  });

  it('may be compressed', async () => {
    execFileSync('mkfifo', [path]);
    writeFile(path, gzipSync('id,name\n1,a\n'), () => undefined);
    expect(await readItems(from.csv({ path }))).toEqual([{ id: '1', name: 'a' }]);
  });

  it('is not read by a second process, because the data that the first had read is lost', async () => {
    pipe('id,name\n1,a\n');
    await expect(readItems(from.csv({ path }), { isReopened: true })).rejects.toMatchObject({
      message: expect.stringContaining('data that it had read and that was not stored yet is lost'),
      exitCode: 78,
    });
  });
});

describe('the check of from.csv', () => {
  it('lists the columns', async () => {
    written('id,name\n1,a\n');
    expect(await from.csv({ path }).check!(openContext())).toEqual([`${path}: 2 columns: id, name`]);
  });
});
