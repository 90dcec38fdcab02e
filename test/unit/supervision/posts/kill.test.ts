import { describe, expect, it } from '@jest/globals';
import { killGroup } from '../../../../src/supervision/posts/kill.ts';

describe('killing a group', () => {
  it.each([0, 1, -1, NaN, 1.5, '' as unknown as number])(
    'refuses %p, which would mean ourselves or everybody',
    (pid) => {
      expect(() => killGroup(pid)).toThrow(RangeError);
    },
  );

  it('takes a group that is gone for killed', () => {
    expect(() => killGroup(4_194_999)).not.toThrow();
  });
});
