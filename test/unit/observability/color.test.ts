import { describe, expect, it } from '@jest/globals';
import { painter, wantsColor } from '../../../src/observability/color.ts';

describe('colour', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: 'false' }, true, false],
    [{ FORCE_COLOR: '3', TERM: 'dumb' }, false, true],
    [{ TERM: 'dumb' }, true, false],
    [{ TERM: 'xterm-256color' }, true, true],
  ])('is chosen for environment %j and terminal %j: %j', (environment, isTerminal, isColored) => {
    expect(wantsColor(environment, isTerminal)).toBe(isColored);
  });

  it('ends where the text ends, and is absent when it is off', () => {
    expect(painter(true)('red', 'a')).toBe('\u001b[31ma\u001b[39m');
    expect(painter(false)('red', 'a')).toBe('a');
  });
});
