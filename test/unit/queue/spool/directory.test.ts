import { describe, expect, it } from '@jest/globals';
import { doubtsAbout } from '../../../../src/queue/spool/directory.ts';

const ext4 = 0xef53;

describe('a state directory', () => {
  it.each([
    ['NFS', 0x6969],
    ['CIFS', 0xff534d42],
    ['9P', 0x01021997],
  ])('is reported if it is on a network file system: %s', (name, type) => {
    expect(doubtsAbout('/state', { mode: 0o40700, type })).toEqual([
      `the state directory /state is on a network file system (${name}), where a queue can be damaged; choose a directory on a local disk with --state`,
    ]);
  });

  it('that everyone can write to is reported, with a fix', () => {
    expect(doubtsAbout('/state', { mode: 0o40777, type: ext4 })).toEqual([expect.stringContaining('chmod 700 /state')]);
  });

  it('that belongs to its user and is on a local disk is fine', () => {
    expect(doubtsAbout('/state', { mode: 0o40755, type: ext4 })).toEqual([]);
  });
});
