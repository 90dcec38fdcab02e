import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Step, World } from './world.ts';

const holder = fc.integer({ min: 1, max: 3 });
const everyday: fc.Arbitrary<Step>[] = [
  fc.record({ kind: fc.constant('acquire' as const), holder, count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('release' as const), pick: fc.nat(100) }),
  fc.record({ kind: fc.constant('giveUp' as const), pick: fc.nat(100) }),
  fc.record({ kind: fc.constant('exit' as const), holder }),
  fc.record({ kind: fc.constant('wait' as const), share: fc.double({ min: 0, max: 1.2, noNaN: true }) }),
  fc.constant({ kind: 'waitForNext' as const }),
];
const freezing: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('freeze' as const),
  ms: fc.option(fc.integer({ min: 0, max: 3000 }), { nil: null }),
});
const unlucky: fc.Arbitrary<Step>[] = [
  fc.record({ kind: fc.constant('stall' as const), share: fc.double({ min: 0, max: 3, noNaN: true }) }),
  fc.record({ kind: fc.constant('setClock' as const), by: fc.integer({ min: -10_000_000, max: 10_000_000 }) }),
  fc.record({
    kind: fc.constant('restart' as const),
    downMs: fc.integer({ min: 0, max: 1500 }),
    setBy: fc.integer({ min: -10_000_000, max: 10_000_000 }),
    boots: fc.boolean(),
  }),
];

/** The most of `times` that lie in any half-open stretch of `perMs`. */
function most(times: number[], perMs: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  let best = 0;
  let from = 0;
  for (let to = 0; to < sorted.length; to++) {
    // A thousandth of a millisecond of slack for sums of floating-point numbers.
    while (sorted[to]! - sorted[from]! > perMs - 0.001) from++;
    best = Math.max(best, to - from + 1);
  }
  return best;
}

const rate = fc.record({ count: fc.integer({ min: 1, max: 12 }), perMs: fc.constantFrom(250, 1000, 60_000) });
const concurrency = fc.integer({ min: 1, max: 5 });
const optional = { requiredKeys: [] };

describe('limits, under any schedule,', () => {
  it('serve requests in order, never exceed the concurrency, respect freezes, and count correctly', () => {
    fc.assert(
      fc.property(
        fc.record({ concurrency, rate }, optional),
        fc.array(fc.oneof(...everyday, freezing), { maxLength: 120 }),
        (spec, steps) => {
          const world = new World(spec);
          for (const step of steps) world.step(step);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never let one call too many be granted or arrive in any period, across restarts, clock changes and delayed commits', () => {
    fc.assert(
      fc.property(
        fc.record({ rate }),
        fc.array(fc.oneof(...everyday, ...unlucky), { maxLength: 150 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (spec, steps, stream) => {
          const travels: number[] = [];
          const world = new World(spec, (index) => {
            while (travels.length <= index) travels.push(stream.next().value);
            return travels[index]!;
          });
          for (const step of steps) world.step(step);
          const calls = world.calls();
          const { count, perMs } = spec.rate;
          expect(
            most(
              calls.map(({ announcedAt }) => announcedAt),
              perMs,
            ),
          ).toBeLessThanOrEqual(count);
          const arrivals = calls.map(
            ({ announcedAt, endedAt, travels: share }) =>
              announcedAt + share * Math.min(endedAt - announcedAt, perMs / 20),
          );
          expect(most(arrivals, perMs)).toBeLessThanOrEqual(count);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('leak no permit: when every holder has exited, nothing is held or requested, and all permits can be granted again', () => {
    fc.assert(
      fc.property(
        fc.record({ concurrency, lingerMs: fc.constantFrom(0, 500) }, { requiredKeys: ['concurrency'] }),
        fc.array(fc.oneof(...everyday.filter((_, i) => i !== 3)), { maxLength: 80 }),
        (spec, steps) => {
          const world = new World(spec);
          for (const step of steps) world.step(step);
          for (const one of [1, 2, 3]) world.limits.releaseAll(world.now, one);
          // Without a linger, permits are kept until the longest call of the world would have ended.
          const later = world.now + (spec.lingerMs ?? world.now);
          for (let id = 0; id < 9; id++) world.limits.acquire(4, id, 'vendor');
          expect(world.limits.advance(later)).toHaveLength(spec.concurrency);
          world.limits.releaseAll(later, 4);
          world.limits.advance(later + 500);
          expect(world.limits.snapshot(later + 500)[0]).toMatchObject({ held: 0, waiting: 0 });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('grant the whole allowance: callers that always wait make k × N calls in k periods', () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 5 }), (spec, periods) => {
        const world = new World({ rate: spec });
        const end = world.now + periods * spec.perMs;
        let granted = 0;
        while (world.now < end) {
          while (world.waiting.length < 2 * spec.count) world.acquire(1);
          granted += world.tick();
          while (world.held.length > 0) world.release(0);
          world.now = world.limits.nextAt(world.now)!;
        }
        expect(granted).toBe(periods * spec.count);
      }),
    );
  });

  it('lose at most a twentieth of the allowance to slow calls once connections are open', () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 0, max: 3000 }), (spec, callMs) => {
        const world = new World({ rate: spec });
        const warmAt = world.now + callMs + 2 * spec.perMs;
        const end = warmAt + 42 * spec.perMs;
        let granted = 0;
        while (world.now < end) {
          while (world.held[0] !== undefined && world.held[0].announcedAt + callMs <= world.now) world.release(0);
          while (world.waiting.length < 2 * spec.count) world.acquire(1);
          const now = world.tick();
          if (world.now >= warmAt) granted += now;
          const endsAt = (world.held[0]?.announcedAt ?? Infinity) + callMs;
          world.now = Math.min(world.limits.nextAt(world.now) ?? Infinity, endsAt > world.now ? endsAt : Infinity);
        }
        expect(granted).toBeGreaterThanOrEqual(39 * spec.count);
      }),
      { numRuns: 30 },
    );
  });

  it('starve no holder: while permits come back and time passes, every request in the line is granted', () => {
    fc.assert(
      fc.property(
        fc.record({ concurrency, rate }, optional),
        fc.array(holder, { minLength: 1, maxLength: 60 }),
        (spec, holders) => {
          const world = new World(spec);
          for (const one of holders) world.acquire(one);
          for (let i = 0; i < holders.length && world.waiting.length > 0; i++) {
            expect(world.tick()).toBeGreaterThan(0);
            while (world.held.length > 0) world.release(0);
            world.now = world.limits.nextAt(world.now) ?? world.now;
          }
          expect(world.waiting).toEqual([]);
        },
      ),
    );
  });
});
