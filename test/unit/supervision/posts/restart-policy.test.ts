import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RestartPolicy, type Crash, type Solved } from '../../../../src/supervision/posts/restart-policy.ts';

const limits = { crashes: 5, periodMs: 60_000 };
const healthyMs = 60_000;

const lived = (livedMs: number) => ({ livedMs, wasReady: true });
/** A start that took this long before it failed. */
const failedStart = (livedMs: number) => ({ livedMs, wasReady: false });

/** The waits after consecutive crashes, under a policy without a limit on crashes. */
function waits(lives: readonly number[], random = 0.99999999): number[] {
  const policy = new RestartPolicy({ crashes: Infinity, periodMs: 60_000 });
  let now = 0;
  return lives.map((livedMs) => {
    now += livedMs;
    const verdict = policy.crashed(now, lived(livedMs), random);
    return verdict.kind === 'restart' ? verdict.inMs : NaN;
  });
}

describe('the restart policy', () => {
  it('doubles the wait from 250 ms up to 30 s', () => {
    expect(waits(Array.from({ length: 10 }, () => 10))).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('starts over once a process has lived for a minute, and not before', () => {
    expect(waits([10, 10, 10, healthyMs - 1])).toEqual([250, 500, 1000, 2000]);
    expect(waits([10, 10, 10, healthyMs, 10])).toEqual([250, 500, 1000, 250, 500]);
  });

  it('never waits less than half of the time, so that a crash loop cannot spin', () => {
    expect(waits([10, 10, 10], 0)).toEqual([125, 250, 500]);
  });

  it('neither spins nor parks, however often something outside cannot be reached', () => {
    const policy = new RestartPolicy(limits);
    let now = 0;
    let starts = 0;
    for (; now < 3_600_000; starts++) {
      // It becomes ready at once, and dies at once.
      const verdict = policy.crashed(now, failedStart(0), 0, { blame: 'outside' });
      if (verdict.kind === 'park') throw new Error('it was parked');
      now += verdict.inMs;
    }
    // At least fifteen seconds apart, except for the first few.
    expect(starts).toBeLessThan(3600 / 15 + 10);
    expect(policy.crashed(now, failedStart(0), 0).kind).toBe('restart');
  });

  it('parks at the sixth crash within a minute', () => {
    const policy = new RestartPolicy(limits);
    const verdicts = [0, 1, 2, 3, 4, 59_999].map((now) => policy.crashed(now, lived(1), 0).kind);
    expect(verdicts).toEqual(['restart', 'restart', 'restart', 'restart', 'restart', 'park']);
  });

  it('counts a crash that items are accused of only when it is known that no item is to blame', () => {
    const policy = new RestartPolicy({ crashes: 1, periodMs: 60_000 });
    const solve: ((blame: Solved) => void)[] = [];
    const open: Crash = { blame: 'open', whenSolved: (listener) => solve.push(listener) };
    for (let now = 0; now < 4; now++) expect(policy.crashed(now, lived(1), 0, open).kind).toBe('restart');
    solve[0]!('process');
    solve[1]!('item');
    expect(policy.crashed(10, lived(1), 0, { blame: 'item' }).kind).toBe('restart');
    solve[2]!('process');
    expect(policy.crashed(11, lived(1), 0)).toEqual({ kind: 'park', crashes: 3, of: 'crashes' });
  });

  it('does not double the wait after crashes that items caused', () => {
    const policy = new RestartPolicy({ crashes: 100, periodMs: 60_000 });
    const blames: (Solved | 'outside')[] = ['process', 'process', 'item', 'item', 'process', 'process'];
    const waited = blames.map((blame, now) => policy.crashed(now, lived(1), 0.99999999, { blame }));
    expect(waited).toEqual([250, 500, 250, 250, 250, 500].map((inMs) => ({ kind: 'restart', inMs })));
  });

  it('forgets a crash that is a whole period old', () => {
    const policy = new RestartPolicy(limits);
    const verdicts = [0, 1, 2, 3, 4, 60_000].map((now) => policy.crashed(now, lived(1), 0).kind);
    expect(verdicts).toEqual(['restart', 'restart', 'restart', 'restart', 'restart', 'restart']);
  });

  it('parks exactly when there are more crashes within a period than are allowed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 30_000 }), { maxLength: 40 }),
        fc.integer({ min: 0, max: 6 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (gaps, crashes, random) => {
          const policy = new RestartPolicy({ crashes, periodMs: 60_000 });
          const times: number[] = [];
          let now = 0;
          for (const gap of gaps) {
            now += gap;
            times.push(now);
            const recent = times.filter((at) => now - at < 60_000).length;
            const verdict = policy.crashed(now, lived(gap), random);
            expect(verdict.kind).toBe(recent > crashes ? 'park' : 'restart');
            expect(verdict.kind === 'park' ? verdict.crashes : verdict.inMs).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  it('parks at the sixth failed start in a row, however long each of them takes', () => {
    const policy = new RestartPolicy(limits);
    const verdicts = Array.from({ length: 6 }, (_, i) => policy.crashed(i * 90_000, failedStart(60_000), 0));
    expect(verdicts.map(({ kind }) => kind)).toEqual(['restart', 'restart', 'restart', 'restart', 'restart', 'park']);
    expect(verdicts[5]).toEqual({ kind: 'park', crashes: 6, of: 'failed starts' });
  });

  it('waits longer after each failed start, however long it takes', () => {
    const policy = new RestartPolicy({ crashes: 100, periodMs: 60_000 });
    const waited = [0, 1, 2].map((i) => policy.crashed(i * 90_000, failedStart(60_000), 0.99999999));
    expect(waited).toEqual([250, 500, 1000].map((inMs) => ({ kind: 'restart', inMs })));
  });

  it('starts counting failed starts again after a process that became ready', () => {
    const policy = new RestartPolicy(limits);
    let now = 0;
    const crash = (life: { livedMs: number; wasReady: boolean }) => policy.crashed((now += 90_000), life, 0).kind;
    for (let i = 0; i < 5; i++) crash(failedStart(30_000));
    expect(crash(lived(30_000))).toBe('restart');
    expect(Array.from({ length: 6 }, () => crash(failedStart(30_000)))).toEqual([
      ...Array<string>(5).fill('restart'),
      'park',
    ]);
  });

  it('does not count a start that failed because something outside could not be reached', () => {
    const policy = new RestartPolicy(limits);
    const blames: (Solved | 'outside')[] = [
      'process',
      'outside',
      'process',
      'outside',
      'process',
      'process',
      'process',
    ];
    const kinds = blames.map((blame, i) => policy.crashed(i * 90_000, failedStart(30_000), 0, { blame }).kind);
    expect(kinds).toEqual(blames.map(() => 'restart'));
    expect(policy.crashed(900_000, failedStart(30_000), 0).kind).toBe('park');
  });
});
