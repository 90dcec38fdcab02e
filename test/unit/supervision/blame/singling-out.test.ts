import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Intervals } from '../../../../src/core/intervals.ts';
import { singledOut, SinglingOut, type OutsideFailure } from '../../../../src/supervision/blame/singling-out.ts';

/** The items of a run, and how each of them ends. */
class ARun {
  now = 0;
  readonly #judge: SinglingOut;
  readonly #ownFault = new Map<number, number>();
  #done = 0;

  constructor(judge = new SinglingOut()) {
    this.#judge = judge;
  }

  /** This many other items, which the tests do not name, are done after calls under `limit`. */
  succeed(items: number, { limit, lentAt = this.now }: { limit?: string; lentAt?: number } = {}): void {
    this.#done += items;
    const used = limit === undefined ? {} : { [limit]: items };
    this.#judge.done(lentAt, Intervals.of([1000, 999 + items]), { used });
  }

  /** Whether a failure of `seq` uses an attempt. */
  fail(seq: number, { limit = null, lentAt = this.now - 1, open = 1 }: Partial<OutsideFailure> = {}): boolean {
    const ownFault = this.#ownFault.get(seq) ?? 0;
    const { usesAttempt, ownFault: next } = this.#judge.failed(this.now, {
      seq,
      limit,
      lentAt,
      ownFault,
      open,
      isAnyDone: this.#done > 0,
    });
    this.#ownFault.set(seq, next);
    this.now += 1000;
    return usesAttempt;
  }

  isSingledOut(seq: number): boolean {
    return this.#ownFault.get(seq) === singledOut;
  }

  /** The same run under a supervisor that has just started. */
  restarted(): ARun {
    const run = new ARun();
    run.now = this.now;
    run.#done = this.#done;
    for (const [seq, ownFault] of this.#ownFault) run.#ownFault.set(seq, ownFault);
    return run;
  }
}

describe('a failure that looks like an outage', () => {
  it('uses no attempt while nothing succeeds, however often any item fails', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 500 }), (seqs) => {
        const run = new ARun();
        expect(seqs.filter((seq) => run.fail(seq, { open: 20 }))).toEqual([]);
      }),
    );
  });

  it('uses an attempt each time others have succeeded since the item last failed', () => {
    const run = new ARun();
    const uses = Array.from({ length: 4 }, () => {
      run.succeed(3);
      return run.fail(7, { open: 10 });
    });
    expect(uses).toEqual([false, true, true, true]);
  });

  it('is blamed on the item if items lent with it succeed after its failure and no other item is left', () => {
    const run = new ARun();
    const lentAt = run.now;
    const uses = [run.fail(7, { lentAt, open: 60 })];
    run.succeed(55, { lentAt });
    uses.push(run.fail(7, { open: 1 }), run.fail(7, { open: 1 }));
    expect([uses, run.isSingledOut(7)]).toEqual([[false, false, true], true]);
  });

  it('under a limit is compared only with items that called under the same limit', () => {
    const run = new ARun();
    run.fail(7, { limit: 'vendor', open: 10 });
    run.succeed(5);
    run.succeed(5, { limit: 'other' });
    expect(run.fail(7, { limit: 'vendor', open: 10 })).toBe(false);
    run.succeed(1, { limit: 'vendor' });
    expect(run.fail(7, { limit: 'vendor', open: 10 })).toBe(true);
  });

  it('keeps using attempts when all others are done', () => {
    const run = new ARun();
    run.fail(7, { open: 10 });
    run.succeed(3);
    expect([run.fail(7), run.fail(7), run.fail(7)]).toEqual([true, true, true]);
  });

  it('uses every attempt from the second if the others were done during the first', () => {
    const run = new ARun();
    run.now = 100;
    run.succeed(59);
    run.now = 9000;
    expect([run.fail(7, { lentAt: 50 }), run.fail(7), run.fail(7)]).toEqual([false, true, true]);
  });

  it('uses no attempt of an item that ran when an outage began, along with as many others as had succeeded since', () => {
    const run = new ARun();
    run.now = 100;
    run.succeed(9);
    run.now = 9000;
    expect([run.fail(7, { lentAt: 50, open: 10 }), run.fail(7, { open: 10 })]).toEqual([false, false]);
  });

  it('uses no attempt because of late results of items lent earlier: they prove nothing about the present', () => {
    const run = new ARun();
    run.now = 100;
    run.fail(7, { open: 10 });
    run.succeed(9, { lentAt: 99 });
    expect(run.fail(7, { open: 10 })).toBe(false);
  });

  it('uses no attempt because of items that the sink already had: they did not run', () => {
    const judge = new SinglingOut();
    const failed = { seq: 7, limit: null, lentAt: 0, ownFault: 0, open: 10, isAnyDone: true };
    judge.failed(10, failed);
    judge.done(20, Intervals.of([100, 200]), { found: 101 });
    expect(judge.failed(30, failed).usesAttempt).toBe(false);
  });

  it('uses no attempt of an item that was singled out while items that were not also fail: that is an outage', () => {
    const run = new ARun();
    run.fail(7, { open: 10 });
    run.succeed(3);
    expect(run.fail(7)).toBe(true);
    const during = Array.from({ length: 10 }, (_, i) => [run.fail(20 + i, { open: 12 }), run.fail(7)]);
    expect(during.flat()).not.toContain(true);
    expect(run.fail(7)).toBe(true);
  });

  it('uses attempts of several items that were singled out, even if they fail together', () => {
    const run = new ARun();
    for (const seq of [7, 8, 9]) run.fail(seq, { open: 10 });
    run.succeed(3);
    const uses = [1, 2, 3].flatMap(() => [7, 8, 9].map((seq) => run.fail(seq)));
    expect(uses).toEqual(uses.map(() => true));
  });

  it('keeps using attempts after the supervisor was restarted', () => {
    const run = new ARun();
    run.fail(7, { open: 10 });
    run.succeed(3);
    run.fail(7);
    expect(run.restarted().fail(7)).toBe(true);
  });

  it('uses attempts after two hundred failures in a run with any item done, even if each failure is under another supervisor', () => {
    let run = new ARun();
    run.succeed(1);
    run.now = 10_000;
    let failures = 0;
    for (; !run.fail(7, { open: 5 }); failures++) run = run.restarted();
    expect(failures).toBe(200);
  });

  it('is forgotten with its item, and remembered for at most ten thousand items', () => {
    const judge = new SinglingOut();
    const failed = { limit: null, lentAt: 0, ownFault: 0, open: 1e9, isAnyDone: true };
    for (let seq = 1; seq <= 10_001; seq++) judge.failed(1, { ...failed, seq });
    judge.done(5, Intervals.of([2, 2], [5000, 2_000_000]));
    // Nothing is known of 1, 2 and 5000 any more; 3 failed before the others succeeded.
    const uses = [1, 2, 5000, 3].map((seq) => judge.failed(1, { ...failed, seq }).usesAttempt);
    expect(uses).toEqual([false, false, false, true]);
  });

  it('always uses all attempts of an item in the end, once another has succeeded', () => {
    const step = fc.oneof(fc.constant('succeed'), fc.constant('restart'), fc.integer({ min: 1, max: 3 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        let run = new ARun();
        run.succeed(1);
        run.now = 10_000;
        for (const what of steps) {
          if (what === 'succeed') run.succeed(1);
          else if (what === 'restart') run = run.restarted();
          else run.fail(what, { open: 3 });
        }
        let used = 0;
        for (let i = 0; i < 250 && used < 5; i++) {
          used += run.fail(1, { open: 3 }) ? 1 : 0;
          for (const other of [2, 3]) run.fail(other, { open: 3 });
        }
        expect(used).toBe(5);
      }),
      { numRuns: 50 },
    );
  });
});
