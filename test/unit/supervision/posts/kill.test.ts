import { describe, expect, it } from '@jest/globals';
import { killGroup } from '../../../../src/supervision/posts/kill.ts';

describe('killing a group', () => {
  it.each([0, 1, -1, NaN, 1.5, '' as unknown as number])(
    'refuses %p, which would mean this process or all processes',
    (pid) => {
      expect(() => killGroup(pid)).toThrow(RangeError);
    },
  );

  it('does nothing if the group is gone', () => {
    expect(() => killGroup(4_194_999)).not.toThrow();
  });
});
