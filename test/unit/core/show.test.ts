import { expect, it } from '@jest/globals';
import { show } from '../../../src/core/show.ts';

it.each([
  ['fast', '"fast"'],
  ['two\nlines', String.raw`"two\nlines"`],
  ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
  [undefined, 'nothing'],
  [null, 'null'],
  [1.5, '1.5'],
  [10n, '10'],
  [true, 'true'],
  [[1], 'an array'],
  [{ a: 1 }, 'an object'],
  [Object.create(null), 'an object'],
  [new Map(), 'an object (Map)'],
  [() => 1, 'a function'],
  [
    class Pipeline {
      name = 'a';
    },
    'the class Pipeline',
  ],
  [Symbol('x'), 'a symbol'],
])('%p is shown as %s', (value, text) => {
  expect(show(value)).toBe(text);
});
