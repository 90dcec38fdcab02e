import { describe, expect, it } from '@jest/globals';
import { LastWords } from '../../../../src/supervision/posts/last-words.ts';

const said = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';

function wordsOf(...chunks: string[]): string | undefined {
  const words = new LastWords();
  for (const chunk of chunks) words.push(Buffer.from(chunk));
  return words.text;
}

describe('last words', () => {
  it('are what V8 wrote, in whatever pieces it arrives', () => {
    const all = `<--- Last few GCs --->\n\n[12:0x5] Mark-Compact\n${said}\n----- Native stack trace -----\n 1: 0xb7\n`;
    for (let at = 0; at < all.length; at++) {
      expect(wordsOf(all.slice(0, at), all.slice(at))).toBe(said.replace('FATAL ERROR: ', ''));
    }
  });

  it('are undefined if V8 wrote nothing, however much the process writes', () => {
    expect(wordsOf('it said FATAL ERROR: once\n', 'x'.repeat(100_000))).toBeUndefined();
    expect(wordsOf()).toBeUndefined();
  });

  it('are found after and before a lot of other text', () => {
    expect(wordsOf('x'.repeat(100_000), `\n${said}\n`, ...Array<string>(10).fill('y'.repeat(1000)))).toContain('heap');
  });
});
