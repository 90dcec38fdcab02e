import { describe, expect, it } from '@jest/globals';
import { sourceFacts } from '../../../src/pipeline/source-facts.ts';
import type { Source } from '../../../src/pipeline/types.ts';

/** The function exactly as the text has it; swc would change functions in this file. */
function written(code: string): Source<unknown> {
  // oxlint-disable-next-line no-new-func, no-implied-eval -- a source as text
  return new Function(`return (${code})`)() as Source<unknown>;
}

describe('a source', () => {
  it.each([
    ['function* () { yield 1; }', 'by count'],
    ['function* (context) { context.log.info("x"); yield 1; }', 'by count'],
    ['({ signal }) => [signal]', 'by count'],
    ['() => [1]', 'by count'],
    [
      'async function* ({ checkpoint, cursor = 0 }) { for (;;) { yield cursor++; checkpoint(cursor); } }',
      'by checkpoints',
    ],
    ['async function* (context) { yield 1; context.checkpoint(1); }', 'by checkpoints'],
    ['(context) => read(context)', 'unknown'],
    ['context => read(context)', 'unknown'],
    ['({ signal, ...rest }) => read(rest)', 'unknown'],
    ['(...all) => read(...all)', 'unknown'],
    ['function () { return read(arguments[0]); }', 'unknown'],
    ['(() => [1]).bind(null)', 'unknown'],
  ])('written as %s resumes %s', (code, resumes) => {
    expect(sourceFacts(written(code)).resumes).toBe(resumes);
  });

  it.each([
    ['function* () { for (;;) yield 1; }', true],
    ['function* () { for (let i = 0; ; i++) { yield i; } }', true],
    ['async function* () { while (true) { yield await poll(); } }', true],
    ['function* () { while (true) { if (done()) break; yield 1; } }', false],
    ['function* () { while (true) { const page = next(); if (!page) return; yield page; } }', false],
    ['function* () { for (let i = 0; i < 3; i++) yield i; }', false],
    ['function* () { for (const a of [1]) yield a; }', false],
  ])('written as %s is endless: %s', (code, isEndless) => {
    expect(sourceFacts(written(code)).isEndless).toBe(isEndless);
  });

  it.each([
    [[1, 2, 3], 3],
    [new Set([1, 2]), 2],
    [
      (function* () {
        yield 1;
      })(),
      undefined,
    ],
  ])('that is not a function resumes by count, with its number of items if it has one: %j', (source, items) => {
    expect(sourceFacts(source)).toEqual({ resumes: 'by count', isEndless: false, items });
  });
});
