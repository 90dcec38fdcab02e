import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { from } from '../../../../src/connectors/from.ts';
import { LineSplitter } from '../../../../src/connectors/ndjson/splitter.ts';
import { chunksOf, piecesOf, recordsOf } from '../../../support/csv.ts';
import { param } from '../../../../src/values/param.ts';
import { secret } from '../../../../src/values/secret.ts';
import { text } from '../../../../src/values/text.ts';
import { shown, valuesOf } from '../../../../src/values/values.ts';
import { decoded, openContext, readChunks, readItems } from '../../../support/read-source.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-ndjson-'));
  path = join(directory, 'a.ndjson');
});
afterEach(() => rmSync(directory, { recursive: true }));

const written = (content: string | Buffer): void => writeFileSync(path, content);

describe('from.ndjson', () => {
  it.each([
    ['lines', '{"a":1}\n[2]\n"ü"\n', [{ a: 1 }, [2], 'ü']],
    ['a last line without a line feed', '1\n2', [1, 2]],
    ['carriage returns', '1\r\n2\r\n', [1, 2]],
    ['a byte order mark', '\uFEFF1\n', [1]],
    ['lines of white space', '\n1\n \t\r\n\n2\n  ', [1, 2]],
    ['an empty file', '', []],
    ['null', 'null\n', [null]],
  ])('reads %s', async (_, content, items) => {
    written(content);
    expect(await readItems(from.ndjson({ path }))).toEqual(items);
  });

  it('keeps the digits of integers beyond 2^53', async () => {
    written('{"id":9007199254740993}\n');
    expect(await readItems(from.ndjson({ path }))).toEqual([{ id: '9007199254740993' }]);
    expect(await readItems(from.ndjson({ path, bigints: 'bigint' }))).toEqual([{ id: 9007199254740993n }]);
    expect(await readItems(from.ndjson({ path, bigints: 'number' }))).toEqual([{ id: 9007199254740992 }]);
  });

  it('reports where a line is not JSON, and reads the rest', async () => {
    written('{"a":1}\n{"a":}\n{"a":1\n2\n');
    expect(await readItems(from.ndjson({ path }))).toEqual([
      { a: 1 },
      'expected JSON; at character 6: expected a value, got "}"',
      'expected JSON; at character 7: expected "," or "}", got the end of the line',
      2,
    ]);
  });

  it('reports bytes that are not UTF-8', async () => {
    written(Buffer.from('"\xe4"\n2\n', 'latin1'));
    expect(await readItems(from.ndjson({ path }))).toEqual([
      'expected UTF-8, got 0xe4 at byte 1 of the record; convert the file to UTF-8',
      2,
    ]);
  });

  it('returns the output of a schema, and reports the objections of the schema', async () => {
    written('{"id":"1"}\n{"id":"x","tags":[1]}\n');
    const schema = z.object({ id: z.coerce.number(), tags: z.array(z.string()).default([]) });
    expect(await readItems(from.ndjson({ path, schema }))).toEqual([
      { id: 1, tags: [] },
      expect.stringMatching(/^refused by the schema: id: .*; tags\.0: /),
    ]);
  });

  it('continues after any chunk', async () => {
    written(Array.from({ length: 40_000 }, (_, i) => `{"id":${i}}\n`).join(''));
    const spec = from.ndjson({ path });
    const chunks = await readChunks(spec);
    const rest = await readItems(spec, { cursor: chunks[2]!.cursor });
    expect(rest).toEqual(await decoded(spec, chunks.slice(3)));
  });

  it('reads compressed files', async () => {
    written(gzipSync('1\n2\n'));
    expect(await readItems(from.ndjson({ path }))).toEqual([1, 2]);
  });

  it('skips the content of a line that is too long, and reads the rest', async () => {
    written(`1\n"${'x'.repeat(1000)}"\n2\n`);
    const chunks = await readChunks(from.ndjson({ path, maxItemBytes: 100 }));
    expect(chunks.map(({ length, at }) => [at!.line, length])).toEqual([
      [1, undefined],
      [2, 1003],
      [3, undefined],
    ]);
  });

  it('fills params into its path when it is opened, and shows the path with their names', async () => {
    written('1\n');
    const shelf = param.string();
    const { resolve } = valuesOf({ shelf }, { shelf: 'a' });
    const spec = from.ndjson({ path: text`${directory}/${shelf}.ndjson` });
    expect(shown({ shelf }, spec.target)).toBe(`${directory}/{shelf}.ndjson`);
    expect(await readItems(spec, { resolve })).toEqual([1]);
    expect(await spec.check!(openContext({ resolve }))).toEqual([`${path} can be read`]);
  });

  it('refuses params that do not make a path', async () => {
    const shelf = param.string();
    const opening = readItems(from.ndjson({ path: shelf }), valuesOf({ shelf }, { shelf: '' }));
    await expect(opening).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('path: expected text'),
    });
  });

  it('refuses a secret in its path', () => {
    const problem = 'from.ndjson: path: a path cannot hold a secret';
    expect(() => from.ndjson({ path: secret('A_PATH') as never })).toThrow(problem);
    expect(() => from.ndjson({ path: text`in/${secret('A_PATH')}` })).toThrow(problem);
  });

  it('refuses an object that is not a schema', () => {
    expect(() => from.ndjson({ path, schema: {} as never })).toThrow('schema: expected a schema with ~standard');
  });
});

describe('the lines of a file', () => {
  it('are the same wherever the file is cut', async () => {
    const part = fc.constantFrom('a', 'bb', '\n', '\n', 'ü', 'a ', '\r\n', ' \n');
    const contents = fc.array(part, { maxLength: 30 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(contents, fc.array(fc.nat(40)), fc.integer({ min: 3, max: 8 }), async (content, cuts, most) => {
        const chunks = await chunksOf(piecesOf(Buffer.from(content), cuts), new LineSplitter(most));
        const lines = content.split('\n').filter((line) => line.trim() !== '');
        expect(recordsOf(chunks).map((line) => Buffer.from(line, 'latin1').toString().trim())).toEqual(
          lines.map((line) => line.trim()),
        );
      }),
    );
  });
});
