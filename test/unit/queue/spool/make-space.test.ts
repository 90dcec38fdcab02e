import { describe, expect, it } from '@jest/globals';
import { makingSpace } from '../../../../src/queue/spool/make-space.ts';

const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
const broken = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_WRITE' });

/** The calls, in order. Writes and attempts to make space throw the given errors, in order. */
function story(
  writes: (Error | undefined)[],
  attempts: (Error | undefined)[] = [undefined],
): { done: string[]; thrown: unknown } {
  const done: string[] = [];
  const act = (name: string, outcomes: (Error | undefined)[]) => (): void => {
    done.push(name);
    const error = outcomes.shift();
    if (error) throw error;
  };
  try {
    makingSpace(act('write', writes), act('make space', attempts));
    return { done, thrown: undefined };
  } catch (error) {
    return { done, thrown: error };
  }
}

describe('a write to a full disk', () => {
  it.each([
    ['is simply done if there is space', [undefined], [], ['write'], undefined],
    [
      'is repeated once space has been made',
      [full, undefined],
      [undefined],
      ['write', 'make space', 'write'],
      undefined,
    ],
    ['fails as full if the space is not enough', [full, full], [undefined], ['write', 'make space', 'write'], full],
    ['fails as full if making space fails because the disk is full', [full], [full], ['write', 'make space'], full],
    ['fails with any other error that occurs while space is made', [full], [broken], ['write', 'make space'], broken],
    ['is not repeated after any other failure', [broken], [], ['write'], broken],
  ])('%s', (_, writes, attempts, done, thrown) => {
    expect(story(writes, attempts)).toEqual({ done, thrown });
  });
});
