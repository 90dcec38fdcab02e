import { describe, expect, it } from '@jest/globals';
import { recoveries, type Step } from '../../../bench/measure/recovery.ts';

function step(pid: number, seq: number, what: Step['what'], ms: number): Step {
  return { pid, seq, what, atNs: ms * 1e6 };
}

describe('the cost of a kill', () => {
  it('is the time until the first and the last of the items that it interrupted run again', () => {
    const steps = [
      step(1, 10, 'started', 0),
      step(1, 10, 'ended', 50),
      step(1, 11, 'started', 40),
      step(1, 12, 'started', 60),
      step(2, 13, 'started', 60),
      step(2, 12, 'started', 300),
      step(2, 11, 'started', 400),
    ];
    expect(recoveries([{ pid: 1, atNs: 100e6 }], steps)).toEqual([{ firstMs: 200, lastMs: 300 }]);
  });

  it('is left out if the consumer was running nothing', () => {
    expect(recoveries([{ pid: 1, atNs: 0 }], [])).toEqual([]);
  });

  it('is an error if an item never runs again', () => {
    expect(() => recoveries([{ pid: 1, atNs: 1 }], [step(1, 10, 'started', 0)])).toThrow('item 10 did not run again');
  });
});
