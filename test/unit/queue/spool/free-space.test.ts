import { describe, expect, it } from '@jest/globals';
import { floorOf } from '../../../../src/queue/free-space.ts';
import { freeSpace } from '../../../../src/queue/spool/free-space.ts';

const MiB = 1024 * 1024;

describe('the free space of a disk', () => {
  it('is reported in bytes', () => {
    const { free, total } = freeSpace('.');
    expect(free).toBeGreaterThan(MiB);
    expect(total).toBeGreaterThan(free);
  });

  it.each([
    ['a large disk', null, 1000 * 1024 * MiB, 256 * MiB],
    ['a small disk', null, 64 * MiB, 3.2 * MiB],
    ['a disk that may be filled completely', 0, 64 * MiB, 0],
    ['a disk with a configured floor', 32 * MiB, 64 * MiB, 32 * MiB],
  ])('has a floor on %s', (_, asked, total, floor) => {
    expect(floorOf(asked, total)).toBe(floor);
  });
});
