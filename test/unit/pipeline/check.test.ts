import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { to } from '../../../src/connectors/to.ts';
import { defineProcessor } from '../../../src/processors/port.ts';
import { checkFields } from '../../../src/pipeline/check.ts';

const right = { name: 'a', source: [1], sink: to.discard() };

/** The fields that are reported as wrong. */
function wrongIn(fields: object): string[] {
  return checkFields({ ...right, ...fields }).map(({ path }) => path.join('.'));
}

describe('the fields of a pipeline', () => {
  it.each([
    { name: 'a' },
    { name: '0' },
    { name: `a${'-'.repeat(40)}` },
    { limits: {} },
    { limits: { 'größe/1': { concurrency: 1, rate: undefined } } },
    { limits: { a: { concurrency: 1, linger: '5s' }, b: { concurrency: 1, rate: '1/s', linger: 250 } } },
    { source: new Set() },
    { source: () => [] },
    { source: { [Symbol.asyncIterator]: () => undefined } },
    { setup: () => 1, process: () => 1, teardown: () => 1 },
    { process: defineProcessor({ kind: 'a', target: 'b', open: () => ({ run: () => 1 }) }) },
    { process: undefined, limits: undefined, options: undefined, version: undefined },
    { options: { concurrency: 1, itemTimeout: '1s', attempts: undefined, nothingWeKnow: 1, redact: ['a', 1] } },
    { version: '1', deterministic: false },
  ])('are correct in %p', (fields) => {
    expect(wrongIn(fields)).toEqual([]);
  });

  it.each([
    [{ name: '' }, ['name']],
    [{ name: '-a' }, ['name']],
    [{ name: 'A' }, ['name']],
    [{ name: 'a b' }, ['name']],
    [{ name: 'a\n' }, ['name']],
    [{ name: 'x'.repeat(42) }, ['name']],
    [{ name: 5 }, ['name']],
    [{ limits: [] }, ['limits']],
    [{ limits: { '': { concurrency: 1 } } }, ['limits.']],
    [{ limits: { 'a b': { concurrency: 1 } } }, ['limits.a b']],
    [{ limits: { 'sink:a': { concurrency: 1 } } }, ['limits.sink:a']],
    [{ limits: { a: null } }, ['limits.a']],
    [{ limits: { a: {} } }, ['limits.a']],
    [{ limits: { a: { concurrency: 1.5 } } }, ['limits.a.concurrency']],
    [{ limits: { a: { concurrency: '1' } } }, ['limits.a.concurrency']],
    [{ limits: { a: { rate: 100 } } }, ['limits.a.rate']],
    [{ limits: { a: { rate: '1/s', burst: 1 } } }, ['limits.a.burst']],
    [{ limits: { a: { concurrency: 1, linger: '5' } } }, ['limits.a.linger']],
    [{ limits: { a: { concurrency: 1, linger: '2d' } } }, ['limits.a.linger']],
    [{ limits: { a: { rate: '1/s', linger: '5s' } } }, ['limits.a.linger']],
    [{ source: 'text' }, ['source']],
    [{ source: {} }, ['source']],
    [{ source: null }, ['source']],
    [{ process: { open: () => 1 } }, ['process']],
    [{ process: 'text' }, ['process']],
    [{ process: null }, ['process']],
    [{ sink: {} }, ['sink']],
    [{ sink: to.discard }, ['sink']],
    [{ sink: to.memory() }, ['sink']],
    [{ options: [] }, ['options']],
    [
      { options: { a: null, b: Number.NaN, c: 1n, d: true, e: [1n], f: [[]] } },
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `options.${name}`),
    ],
    [{ version: '' }, ['version']],
    [{ deterministic: 1 }, ['deterministic']],
    [{ hasOwnProperty: 1, toString: 2 }, ['hasOwnProperty', 'toString']],
  ])('are wrong in %p', (fields, wrong) => {
    expect(wrongIn(fields)).toEqual(wrong);
  });

  it('include `process`, whose error names a function and a processor as valid', () => {
    expect(checkFields({ ...right, process: { run: () => 1 } })).toEqual([
      {
        path: ['process'],
        message: 'expected a function or a processor (made by defineProcessor of millrace/port), got an object',
      },
    ]);
  });

  it('never make the check crash, whatever their values', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('name', 'limits', 'source', 'process', 'sink', 'options'), fc.anything()),
        (fields) => {
          for (const { path, message } of checkFields(fields)) {
            expect(path.length).toBeGreaterThan(0);
            expect(message).not.toBe('');
          }
        },
      ),
    );
  });
});
