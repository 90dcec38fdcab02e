import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lineSplitter } from '../../../src/observability/line-splitter.ts';
import { HandClock } from '../../support/hand-clock.ts';

function split(options: { maxLineBytes?: number; linesPerSecond?: number; bytesPerSecond?: number } = {}) {
  const clock = new HandClock();
  const lines: string[] = [];
  const dropped: number[] = [];
  const splitter = lineSplitter((line) => lines.push(line), {
    clock,
    onDropped: (many) => dropped.push(many),
    ...options,
  });
  return { clock, lines, dropped, splitter, push: (text: string) => splitter.push(Buffer.from(text)) };
}

describe('a line splitter', () => {
  it('passes on whole lines, however they are cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1, unit: 'grapheme' }).filter((line) => !/[\r\n]/.test(line)),
          { maxLength: 20 },
        ),
        fc.array(fc.nat(40), { minLength: 1 }),
        (wanted, sizes) => {
          const { lines, splitter } = split();
          const bytes = Buffer.from(wanted.map((line) => `${line}\n`).join(''));
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = sizes[i % sizes.length]! + 1;
            splitter.push(bytes.subarray(at, at + size));
            at += size;
          }
          splitter.end();
          expect(lines).toEqual(wanted);
        },
      ),
    );
  });

  it('omits empty lines and carriage returns', () => {
    const { lines, push } = split();
    push('one\r\n\n\r\ntwo\n');
    expect(lines).toEqual(['one', 'two']);
  });

  it('passes on an unfinished line at the end, once', () => {
    const { lines, push, splitter } = split();
    push('half');
    expect(lines).toEqual([]);
    splitter.end();
    splitter.end();
    expect(lines).toEqual(['half']);
  });

  it('cuts a line that is too long, marks the cut, and continues with the next one', () => {
    const { lines, push } = split({ maxLineBytes: 4 });
    for (const piece of ['ab', 'cd', 'ef', 'gh\nnext', '\nfive5\nfour\n']) push(piece);
    expect(lines).toEqual(['abcd… (cut after 4 bytes)', 'next', 'five… (cut after 4 bytes)', 'four']);
  });

  it('does not cut a character in two', () => {
    const { lines, push } = split({ maxLineBytes: 4 });
    push('aaa€\naa€\na𝄞\n𝄞\n');
    expect(lines).toEqual(['aaa… (cut after 4 bytes)', 'aa… (cut after 4 bytes)', 'a… (cut after 4 bytes)', '𝄞']);
  });

  it('drops lines that come too fast, and reports the number after the second is over', () => {
    const { clock, lines, dropped, push } = split({ linesPerSecond: 3 });
    for (let i = 1; i <= 10; i++) push(`${i}\n`);
    expect(lines).toEqual(['1', '2', '3']);
    expect(dropped).toEqual([]);
    clock.turn(1000);
    expect(dropped).toEqual([7]);
    push('11\n');
    expect(lines.at(-1)).toBe('11');
    expect(clock.waiting).toBe(0);
  });

  it('counts bytes as well as lines', () => {
    const { clock, lines, dropped, push } = split({ bytesPerSecond: 10 });
    push('12345678\n1234\n12\n');
    clock.turn(1000);
    expect({ lines, dropped }).toEqual({ lines: ['12345678', '12'], dropped: [1] });
  });

  it('reports dropped lines if the output ends within the second', () => {
    const { clock, dropped, push, splitter } = split({ linesPerSecond: 1 });
    push('1\n2\n3');
    splitter.end();
    expect(dropped).toEqual([2]);
    expect(clock.waiting).toBe(0);
  });
});
