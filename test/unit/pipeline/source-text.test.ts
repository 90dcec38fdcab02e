/** Facts from the text of a pipeline file: the lines of fields, and the limits that it names. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lineOfField } from '../../../src/pipeline/field-lines.ts';
import { limitUses } from '../../../src/pipeline/limit-uses.ts';
import { tokensOf } from '../../../src/pipeline/tokens.ts';

describe('the line of a field', () => {
  const text = `import { definePipeline } from 'millrace';
// definePipeline({ name: 'a comment' })
const text = "definePipeline({ name: 'text' })";
export default definePipeline<Map<string, Set<number>>, { a: 1 }>({
  name: \`a\${{ sink: 1 }.sink}b\`,
  'limits': {
    "vendor": { concurrency: 1,
      rate: '1/s' },
  },
  async
    *source({ name = 'no', sink }) { yield { sink: 1 }; },
  get: 1,
  async process(item) { return { limits: { vendor: 2 } }; },
  ...other({ teardown: 1 }),
  [computed]: 1,
  options,
  sink: to.sqlite<'id'>({
    file: 'a' }),
});
`;

  it.each([
    [['name'], 5],
    [['limits'], 6],
    [['limits', 'vendor'], 7],
    [['limits', 'vendor', 'rate'], 8],
    [['limits', 'vendor', 'burst'], 7],
    [['limits', 'missing', 'rate'], 6],
    [['source'], 11],
    [['get'], 12],
    [['process'], 13],
    [['options'], 16],
    [['options', 'concurrency'], 16],
    [['sink'], 17],
    [['sink', 'file'], 18],
    [['sink', 'key'], 17],
    [['teardown'], 4],
    [[], 4],
  ])('is found for %j: %d', (path, line) => {
    expect(lineOfField(tokensOf(text), path)).toBe(line);
  });

  it('is unknown if definePipeline is called by another name', () => {
    expect(lineOfField(tokensOf('export default define({ name: 1 })'), ['name'])).toBeUndefined();
  });

  it('is looked up without a crash in any text', () => {
    const pieces = fc.constantFrom(
      'definePipeline',
      '<',
      '>',
      '(',
      ')',
      '{',
      '}',
      '[',
      ',',
      ':',
      '`${',
      '}`',
      'a',
      '"',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(pieces), fc.array(fc.constantFrom('a', 'b')), (parts, path) => {
        const tokens = tokensOf(parts.join(''));
        lineOfField(tokens, path);
        limitUses(tokens);
      }),
    );
  });
});

describe('the limits that a file names', () => {
  it.each([
    ["fetch(url, { limit: 'a' })", ['a']],
    ['context.fetch(url, { method: "POST", limit: "a" })', ['a']],
    ['ctx?.fetch(`${base}/${[1, 2]}`, { limit: `a` }, 1)', ['a']],
    ["mailbox.fetch('1:*', { limit: '10' })", []],
    ["import { fetch } from 'undici';\nfetch(url, { limit: 'a' })", []],
    ["fetch(new URL('x', 'y'), {\n  headers: { limit: 'no' }, 'limit': 'a',\n})", ['a']],
    ["fetch(fetch(x, { limit: 'b' }), { limit: 'a' })", ['a', 'b']],
    ["limit('a', () => 1)", ['a']],
    ["await limit('a', async () => limit('b', f))", ['a', 'b']],
    ["context.limit('a', f); ctx.limit('b', f)", ['a', 'b']],
    ["fetch(url, { limit: isFast ? 'a' : 'b' })", []],
    ["fetch(url, { limit: 'a' + suffix })", []],
    ['fetch(url, { limit: name })', []],
    ['fetch(url, { limit })', []],
    ['fetch(url, { limit: `${a}` })', []],
    ["fetch(url, { ...{ limit: 'a' } })", []],
    ["get(url, { limit: 'a' })", []],
    ["knex.limit('a', f); this.context.limit('a', f)", []],
    ["limit('a' + b, f)", []],
    ["import { limit } from './mine.ts';\nlimit('a', f)", []],
    ["import mine, { x, limit } from './mine.ts';\nlimit('a', f)", []],
    ["import limit from 'p-limit';\nlimit('a')", []],
    ["import { throttle as limit } from './mine.ts';\nlimit('a')", []],
    ["const limit = (name) => name;\nlimit('a')", []],
    ["function limit(name) {}\nlimit('a')", []],
    ["function fetch(a, b = { limit: 'a' }) {}", []],
    ["// fetch(url, { limit: 'a' })\nconst text = \"limit('a')\"", []],
  ])('are found in %j: %j', (text, names) => {
    expect(limitUses(tokensOf(text)).map(({ name }) => name)).toEqual(names);
  });

  it('come with their lines', () => {
    const text = "/*\n*/ const a = `\n`;\r\nfetch(url, {\n  limit: 'a',\n});";
    expect(limitUses(tokensOf(text))).toEqual([{ name: 'a', line: 5 }]);
  });
});
