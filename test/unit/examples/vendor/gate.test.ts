import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Gate } from '../../../../examples/vendor/gate.ts';

describe('the vendor’s gate', () => {
  test('refuses the eleventh call at once and lets it in when another has left', () => {
    const gate = new Gate({ concurrency: 10 });
    for (let i = 0; i < 10; i++) expect(gate.enter(0)).toEqual({ status: 'entered' });
    expect(gate.enter(0)).toEqual({ status: 'refused', retryAfterMs: 1000 });
    gate.leave();
    expect(gate.enter(0)).toEqual({ status: 'entered' });
    expect(gate).toMatchObject({ calls: 12, refused: 1, inFlight: 10, mostInFlight: 10 });
  });

  test('says how long a caller beyond the rate has to wait', () => {
    const gate = new Gate({ concurrency: 100, rate: { calls: 2, perMs: 1000 } });
    gate.enter(0);
    gate.enter(400);
    expect(gate.enter(700)).toEqual({ status: 'refused', retryAfterMs: 300 });
    expect(gate.enter(1000)).toEqual({ status: 'entered' });
    expect(gate.enter(1000)).toEqual({ status: 'refused', retryAfterMs: 400 });
  });

  test('never lets more calls in than either limit, whatever the callers do', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('enter', 'leave'), fc.nat(500)), { maxLength: 200 });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        (moves, concurrency, calls) => {
          const gate = new Gate({ concurrency, rate: { calls, perMs: 1000 } });
          const entered: number[] = [];
          let now = 0;
          for (const [move, ms] of moves) {
            now += ms;
            if (move === 'leave') {
              if (gate.inFlight > 0) gate.leave();
            } else if (gate.enter(now).status === 'entered') entered.push(now);
            expect(gate.inFlight).toBeLessThanOrEqual(concurrency);
            const recent = entered.filter((at) => at > now - 1000);
            expect(recent.length).toBeLessThanOrEqual(calls);
          }
        },
      ),
    );
  });

  test('does not count out a call that never entered', () => {
    expect(() => new Gate({ concurrency: 1 }).leave()).toThrow('had not entered');
  });
});
