import { describe, expect, it } from '@jest/globals';
import type { Exit } from '../../../../src/supervision/posts/child.ts';
import { deathOf, type LastError } from '../../../../src/supervision/blame/death.ts';

const told = { code: 'Error', message: 'x' };
const uncaught: LastError = { origin: 'uncaught', words: 'a null was thrown: null', isOutside: false, error: told };
const heap = 'Reached heap limit Allocation failed - JavaScript heap out of memory';

/** How the consumer exited, the last error that it sent, and the cause of its death. */
const deaths: [Partial<Exit>, LastError | undefined, string | undefined][] = [
  [{ code: 7 }, undefined, 'exit code 7'],
  [{ code: 0 }, undefined, 'exit code 0'],
  [{ signal: 'SIGSEGV' }, undefined, 'SIGSEGV'],
  [{ signal: 'SIGKILL' }, undefined, 'SIGKILL'],
  [{ signal: 'SIGABRT', lastWords: heap }, undefined, 'ran out of memory (V8 heap)'],
  [{ signal: 'SIGTRAP', lastWords: 'unreachable code' }, undefined, 'SIGTRAP: unreachable code'],
  [{ code: 1 }, uncaught, 'uncaught error: a null was thrown: null'],
  [
    { signal: 'SIGKILL', killed: 'broken', reason: 'closed its channel' },
    uncaught,
    `uncaught error: ${uncaught.words}`,
  ],
  [{ signal: 'SIGKILL', killed: 'broken', reason: 'it sent nonsense' }, undefined, 'it sent nonsense'],
  [{ signal: 'SIGKILL', killed: 'hang', reason: 'silent for 1min' }, undefined, 'hang: silent for 1min'],
  [{ signal: 'SIGKILL', killed: 'order', reason: 'not needed' }, undefined, undefined],
  [{ signal: 'SIGKILL', killed: 'order', reason: 'not needed' }, uncaught, undefined],
  [{ code: 1 }, { origin: 'process', words: 'barred from the sink', isOutside: false, error: told }, undefined],
  [{ code: 1 }, { origin: 'item', words: 'item 3 does not end', isOutside: false, error: told }, undefined],
  [{ reason: 'could not be started: EAGAIN' }, undefined, undefined],
];

describe('the cause of a consumer’s death', () => {
  it.each(deaths)('is read from the exit %j and the last error %j: %s', (exit, error, cause) => {
    const whole: Exit = { code: null, signal: null, killed: 'no', reason: undefined, lastWords: undefined, ...exit };
    expect(deathOf(whole, error)?.cause).toBe(cause);
  });

  it('lies outside only if something other than the supervisor killed it', () => {
    const exit: Exit = { code: null, signal: 'SIGKILL', killed: 'no', reason: undefined, lastWords: undefined };
    expect(deathOf(exit, undefined)?.isFromOutside).toBe(true);
    expect(deathOf({ ...exit, killed: 'hang' }, undefined)?.isFromOutside).toBe(false);
    expect(deathOf({ ...exit, signal: 'SIGSEGV' }, undefined)?.isFromOutside).toBe(false);
  });
});
