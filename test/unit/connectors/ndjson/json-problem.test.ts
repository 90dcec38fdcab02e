import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonProblem } from '../../../../src/connectors/ndjson/json-problem.ts';

it('the place where text stops being JSON is found after many megabytes', () => {
  const long = 'x'.repeat(15 * 1024 * 1024);
  expect(jsonProblem(`["${long}",]`)).toEqual({ at: long.length + 4, expected: 'a value' });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the place where text stops being JSON', () => {
  it.each([
    ['', 0, 'a value'],
    ['{"a":1,}', 7, 'a key in double quotes'],
    ["{'a':1}", 1, 'a key in double quotes'],
    ['{"a" 1}', 5, '":"'],
    ['[1 2]', 3, '"," or "]"'],
    ['{"a":1]', 6, '"," or "}"'],
    ['"ab', 3, 'the closing quote of a text'],
    ['"a\tb"', 2, 'a character that JSON allows in a text'],
    ['01', 1, 'the end of the line'],
    ['NaN', 0, 'a value'],
    ['[1,]', 3, 'a value'],
    ['1 2', 2, 'the end of the line'],
  ])('is found in %j', (text, at, expected) => {
    expect(jsonProblem(text)).toEqual({ at, expected });
  });

  it('is found at any depth', () => {
    expect(jsonProblem('['.repeat(100_000))).toEqual({ at: 100_000, expected: 'a value' });
  });

  it('is found in every text that JSON.parse refuses, and in no other', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '.5',
      'e3',
      'true',
      'nul',
      ' ',
      '\\n',
      '\\',
    );
    const nearly = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(nearly, fc.json(), fc.string()), (text) => {
        expect(jsonProblem(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 3000 },
    );
  });
});
