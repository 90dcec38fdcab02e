import { describe, expect, it } from '@jest/globals';
import { holdersIn, programOf } from '../../../../src/queue/spool/lock-holders.ts';

const locks = `1: POSIX  ADVISORY  READ 712 fd:01:99 1073741826 1073742335
2: POSIX  ADVISORY  WRITE 713 00:2f:98 1073741824 1073742335
3: FLOCK  ADVISORY  WRITE 714 fd:01:99 0 EOF
4: POSIX  ADVISORY  WRITE 715 fd:01:99 0 EOF
5: POSIX  ADVISORY  READ 0 fd:01:97 1073741826 1073742335
5: -> POSIX  ADVISORY  WRITE 716 fd:01:97 1073741824 1073741824
`;

describe('the holders of a lock on a SQLite file', () => {
  it.each([
    ['99', [{ pid: 712, isWriter: false }]],
    ['98', [{ pid: 713, isWriter: true }]],
    ['97', [{ pid: 0, isWriter: false }]],
    ['9', []],
  ])(
    'with inode %s are the processes that hold the bytes that SQLite locks, not the waiting processes',
    (inode, holders) => {
      expect(holdersIn(locks, inode)).toEqual(holders);
    },
  );

  it('are named by their program', () => {
    expect(programOf(process.pid)).toBe(process.platform === 'linux' ? 'node' : undefined);
    expect(programOf(4_194_304)).toBeUndefined();
  });
});
