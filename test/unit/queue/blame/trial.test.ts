import { describe, expect, it } from '@jest/globals';
import { Trial } from '../../../../src/queue/blame/trial.ts';

function aTrial(): { trial: Trial; recorded: (number | null)[] } {
  const recorded: (number | null)[] = [];
  return { trial: new Trial((seq) => recorded.push(seq)), recorded };
}

describe('the item on trial', () => {
  it('is on trial only once its seq is committed', () => {
    const { trial, recorded } = aTrial();
    expect([trial.isOn(7), recorded]).toEqual([false, [7]]);
    trial.committed(7);
    expect([trial.isOn(7), recorded]).toEqual([true, [7]]);
    expect([trial.isOn(8), recorded]).toEqual([false, [7, 8]]);
  });

  it('is no longer on trial once it is settled or given back, alone or among others', () => {
    const { trial, recorded } = aTrial();
    trial.committed(7);
    trial.end(1, 6);
    trial.end(8, 9);
    expect(recorded).toEqual([]);
    trial.end(7, 7);
    trial.end(5, 9);
    expect(recorded).toEqual([null, null]);
    trial.committed(null);
    trial.end(7, 7);
    expect(recorded).toEqual([null, null]);
  });
});
