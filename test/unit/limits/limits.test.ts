import { describe, expect, it } from '@jest/globals';
import { Limits } from '../../../src/limits/limits.ts';
import type { Status } from '../../../src/observability/status.ts';

const ids = (grants: readonly { id: number }[]): number[] => grants.map(({ id }) => id);

describe('a limit of concurrency', () => {
  it('grants permits in the order of the requests, across holders, and continues when a permit is released', () => {
    const limits = new Limits({ vendor: { concurrency: 2 } });
    for (const [holder, id] of [
      [1, 10],
      [2, 20],
      [1, 11],
      [2, 21],
    ] as const)
      limits.acquire(holder, id, 'vendor');
    expect(limits.advance(0)).toEqual([
      { holder: 1, id: 10, name: 'vendor', awaitsCommit: false },
      { holder: 2, id: 20, name: 'vendor', awaitsCommit: false },
    ]);
    expect(limits.advance(0)).toEqual([]);
    expect(limits.nextAt(0)).toBeUndefined();
    limits.release(0, 2, 20);
    expect(ids(limits.advance(0))).toEqual([11]);
    limits.release(0, 1, 10);
    expect(ids(limits.advance(0))).toEqual([21]);
  });

  it('grants nothing before `advance` is called', () => {
    const limits = new Limits({ vendor: { concurrency: 2 } });
    expect(limits.acquire(1, 1, 'vendor')).toBe('queued');
    expect(limits.snapshot(0)[0]).toMatchObject({ held: 0, waiting: 1, granted: 0 });
  });

  it('forgets a request that was cancelled', () => {
    const limits = new Limits({ vendor: { concurrency: 1 } });
    for (const id of [1, 2, 3, 4]) limits.acquire(1, id, 'vendor');
    limits.advance(0);
    limits.release(0, 1, 3);
    limits.release(0, 1, 1);
    expect(ids(limits.advance(0))).toEqual([2]);
    limits.release(0, 1, 2);
    expect(ids(limits.advance(0))).toEqual([4]);
  });

  it('ignores releases of permits that are not held, and a second acquire with the same id', () => {
    const limits = new Limits({ vendor: { concurrency: 1 } });
    limits.acquire(1, 1, 'vendor');
    limits.acquire(1, 1, 'vendor');
    limits.release(0, 1, 99);
    limits.release(0, 9, 1);
    limits.releaseAll(0, 9);
    expect(ids(limits.advance(0))).toEqual([1]);
    limits.release(0, 1, 1);
    limits.release(0, 1, 1);
    expect(limits.snapshot(0)[0]).toMatchObject({ held: 0, waiting: 0 });
  });

  it('takes back the permits of an exited holder, and drops its requests', () => {
    const limits = new Limits({ vendor: { concurrency: 2 } });
    for (const id of [1, 2, 3]) limits.acquire(1, id, 'vendor');
    limits.acquire(2, 4, 'vendor');
    limits.advance(0);
    limits.releaseAll(5, 1);
    expect(limits.advance(5)).toEqual([{ holder: 2, id: 4, name: 'vendor', awaitsCommit: false }]);
    expect(limits.snapshot(5)[0]).toMatchObject({ held: 1, waiting: 0 });
  });

  it('keeps the permits of an exited holder for the linger', () => {
    const limits = new Limits({ vendor: { concurrency: 1, lingerMs: 100 } });
    limits.acquire(1, 1, 'vendor');
    limits.acquire(2, 2, 'vendor');
    limits.advance(0);
    limits.releaseAll(10, 1);
    expect(limits.advance(109)).toEqual([]);
    expect(limits.nextAt(109)).toBe(110);
    expect(ids(limits.advance(110))).toEqual([2]);
  });

  describe('without a linger', () => {
    const wall = Date.UTC(2026, 0, 2);
    /** A limit under which calls have taken these durations in milliseconds. */
    function after(durations: number[], { lingerMs }: { lingerMs?: number } = {}): Limits {
      const limits = new Limits({ vendor: { concurrency: 2, ...(lingerMs !== undefined && { lingerMs }) } });
      let now = 0;
      for (const [id, ms] of durations.entries()) {
        limits.acquire(9, id, 'vendor');
        limits.advance(now);
        limits.release((now += ms), 9, id);
      }
      return limits;
    }
    /** Grants a permit at 100,000, whose holder dies 10 ms later. Returns after how long the permit is free again. */
    function comesBackAfter(limits: Limits, timeoutMs?: number): number {
      limits.acquire(1, 1, 'vendor', timeoutMs);
      limits.advance(100_000);
      limits.releaseAll(100_010, 1);
      for (let id = 1; id <= 2; id++) limits.acquire(2, id, 'vendor');
      limits.advance(100_010);
      return (limits.nextAt(100_010) ?? 100_010) - 100_000;
    }

    it('keeps permits until their calls would have ended, judging by the longest of the last hundred calls', () => {
      expect(comesBackAfter(after([300, 20, 700, 40]))).toBe(700);
      expect(comesBackAfter(after([700, ...Array.from({ length: 100 }, () => 30)]))).toBe(30);
    });

    it('keeps permits no longer than the call could take', () => {
      expect(comesBackAfter(after([700]), 250)).toBe(250);
    });

    it('frees permits at once if the call would have ended, if no call is known, or if linger is 0', () => {
      expect([after([5]), after([]), after([700], { lingerMs: 0 })].map((limits) => comesBackAfter(limits))).toEqual([
        10, 10, 10,
      ]);
    });

    it('shows lingering permits separately from held permits', () => {
      const limits = after([700]);
      for (const id of [1, 2]) limits.acquire(id, 1, 'vendor');
      limits.advance(1000);
      limits.releaseAll(1010, 1);
      expect(limits.snapshot(1010)[0]).toMatchObject({ held: 1, lingering: 1 });
      limits.advance(1700);
      expect(limits.snapshot(1700)[0]).toMatchObject({ held: 1, lingering: 0 });
    });

    it('keeps the permits of a killed supervisor for the same time, but none of a supervisor that stopped cleanly', () => {
      const before = after([700]);
      const records = before.durable({ now: 700, wall });
      expect(records).toMatchObject([{ limit: 'vendor', longestMs: 700 }]);
      const [killed, stopped] = [true, false].map((wasKilled) => {
        const limits = new Limits({ vendor: { concurrency: 2 } });
        limits.restore(records, 1000, wall + 300, { wasKilled });
        limits.acquire(1, 1, 'vendor');
        return limits;
      });
      expect(
        [killed!.advance(1699), killed!.nextAt(1699), stopped!.advance(1000)].map((x) =>
          Array.isArray(x) ? x.length : x,
        ),
      ).toEqual([0, 1700, 1]);
    });

    it('records a longer call only if it is much longer', () => {
      const limits = after([700]);
      limits.durable({ now: 700, wall });
      limits.acquire(9, 99, 'vendor');
      limits.advance(1000);
      limits.release(1800, 9, 99);
      expect(limits.durable({ now: 1800, wall: wall + 1100 })).toEqual([]);
    });

    it('records shorter calls after a hundred of them', () => {
      const limits = after([700, ...Array.from({ length: 98 }, () => 30)]);
      expect(limits.durable({ now: 5000, wall })).toMatchObject([{ longestMs: 700 }]);
      for (let id = 200; id < 301; id++) {
        limits.acquire(9, id, 'vendor');
        limits.advance(5000);
        limits.release(5030, 9, id);
      }
      expect(limits.durable({ now: 5030, wall: wall + 30 })).toMatchObject([{ longestMs: 30 }]);
    });
  });

  it('frees the turn of a dead process at a sink at once, however long the turn would have taken', () => {
    const limits = new Limits({});
    limits.acquire(1, 1, 'sink:a');
    limits.advance(0);
    limits.release(500, 1, 1);
    limits.acquire(1, 2, 'sink:a');
    limits.acquire(2, 1, 'sink:a');
    limits.advance(500);
    limits.releaseAll(501, 1);
    expect(ids(limits.advance(501))).toEqual([1]);
  });

  it('also lets the permits of an earlier supervisor linger', () => {
    const limits = new Limits({ vendor: { concurrency: 1, lingerMs: 100 } });
    limits.restore([], 10, 0);
    limits.acquire(1, 1, 'vendor');
    expect(limits.advance(109)).toEqual([]);
    expect(ids(limits.advance(110))).toEqual([1]);
  });
});

describe('names', () => {
  it('are refused if the pipeline does not define them, and the error lists the names that it defines', () => {
    const limits = new Limits({ vendor: { concurrency: 1 }, mail: { concurrency: 1 } });
    expect(limits.acquire(1, 1, 'vendr')).toBe('unknown');
    expect(limits.refusal('vendr')).toContain('got "vendr": it defines vendor, mail');
    expect(new Limits({}).refusal('a')).toContain('it defines none');
    expect(limits.freeze(0, 'vendr', 100)).toBe(0);
  });

  it('that begin with "sink:" need no definition, allow one permit at a time, and are not listed', () => {
    const limits = new Limits({ vendor: { concurrency: 1 } });
    limits.acquire(1, 1, 'sink:pokedex.db');
    limits.acquire(2, 2, 'sink:pokedex.db');
    expect(ids(limits.advance(0))).toEqual([1]);
    limits.release(0, 1, 1);
    expect(ids(limits.advance(0))).toEqual([2]);
    expect(limits.refusal('x')).not.toContain('sink:');
  });
});

describe('a rate', () => {
  const fourPerSecond = { vendor: { rate: { count: 4, perMs: 1000 } } };

  it('grants all of its calls at once, and the next call when the first is a period old', () => {
    const limits = new Limits(fourPerSecond);
    for (let id = 1; id <= 6; id++) limits.acquire(1, id, 'vendor');
    expect(ids(limits.advance(100))).toEqual([1, 2, 3, 4]);
    for (let id = 1; id <= 4; id++) limits.release(100, 1, id);
    expect(limits.nextAt(100)).toBe(1100);
    expect(limits.advance(1099)).toEqual([]);
    expect(ids(limits.advance(1100))).toEqual([5, 6]);
  });

  it('counts a call from its end or, if that is earlier, from the time by which it must have arrived', () => {
    const limits = new Limits(fourPerSecond);
    for (let id = 1; id <= 6; id++) limits.acquire(1, id, 'vendor');
    limits.advance(0);
    limits.announced(0);
    limits.release(10, 1, 1);
    expect(limits.advance(1009)).toEqual([]);
    expect(ids(limits.advance(1010))).toEqual([5]);
    expect(limits.nextAt(1010)).toBe(1250);
  });

  it('counts a call from its announcement, and grants no more until then', () => {
    const limits = new Limits(fourPerSecond);
    for (let id = 1; id <= 9; id++) limits.acquire(1, id, 'vendor');
    expect(limits.advance(0)).toHaveLength(4);
    expect(limits.nextAt(0)).toBeUndefined();
    expect(limits.advance(5000)).toEqual([]);
    limits.announced(5000);
    expect(limits.nextAt(5000)).toBe(6250);
  });

  it('does not wait forever for calls that were not announced because their holder has exited', () => {
    const limits = new Limits(fourPerSecond);
    for (let id = 1; id <= 4; id++) limits.acquire(1, id, 'vendor');
    limits.advance(0);
    limits.releaseAll(100, 1);
    limits.acquire(2, 5, 'vendor');
    expect(limits.nextAt(100)).toBe(1350);
  });

  it('is not restored by a release or an exit', () => {
    const limits = new Limits(fourPerSecond);
    for (let id = 1; id <= 5; id++) limits.acquire(1, id, 'vendor');
    limits.acquire(2, 6, 'vendor');
    limits.advance(0);
    limits.announced(0);
    limits.release(0, 1, 1);
    limits.releaseAll(0, 1);
    expect(limits.advance(500)).toEqual([]);
    expect(ids(limits.advance(1250))).toEqual([6]);
  });

  it('applies together with a concurrency', () => {
    const limits = new Limits({ vendor: { concurrency: 1, rate: { count: 2, perMs: 1000 } } });
    for (const id of [1, 2, 3]) limits.acquire(1, id, 'vendor');
    expect(ids(limits.advance(0))).toEqual([1]);
    limits.release(0, 1, 1);
    expect(ids(limits.advance(0))).toEqual([2]);
    limits.release(0, 1, 2);
    expect(limits.advance(0)).toEqual([]);
    expect(limits.nextAt(0)).toBe(1000);
  });
});

describe('a freeze', () => {
  it('holds back all calls until its end, can be extended, and is never shortened', () => {
    const limits = new Limits({ vendor: { concurrency: 5 }, other: { concurrency: 1 } });
    limits.acquire(1, 1, 'vendor');
    limits.acquire(1, 2, 'other');
    expect(limits.freeze(0, 'vendor', 3000)).toBe(3000);
    expect(limits.freeze(500, 'vendor', 1000)).toBe(2500);
    expect(limits.freeze(600, 'vendor', 3000)).toBe(3000);
    expect(ids(limits.advance(3599))).toEqual([2]);
    expect(limits.nextAt(3599)).toBe(3600);
    expect(limits.snapshot(3500)[0]).toMatchObject({ frozenMs: 100 });
    expect(ids(limits.advance(3600))).toEqual([1]);
  });

  it('does not end a wait for a permit before the permit is free', () => {
    const limits = new Limits({ vendor: { concurrency: 1 } });
    limits.acquire(1, 1, 'vendor');
    limits.acquire(1, 2, 'vendor');
    limits.advance(0);
    limits.freeze(0, 'vendor', 1000);
    expect(limits.nextAt(0)).toBeUndefined();
  });
});

describe('records', () => {
  const specs = { vendor: { rate: { count: 100, perMs: 60_000 } }, mail: { concurrency: 1 } };
  const day = Date.UTC(2026, 0, 1);

  /** A supervisor that has granted `count` calls at 0 and was then killed, and its records. */
  function crashed(count: number): ReturnType<Limits['durable']> {
    const limits = new Limits(specs);
    for (let id = 0; id < count; id++) limits.acquire(1, id, 'vendor');
    limits.advance(0);
    return limits.durable({ now: 0, wall: day });
  }

  it('are awaited only by grants under a rate', () => {
    const limits = new Limits(specs);
    limits.acquire(1, 1, 'vendor');
    limits.acquire(1, 2, 'mail');
    expect(limits.advance(0).map(({ name, awaitsCommit }) => [name, awaitsCommit])).toEqual([
      ['vendor', true],
      ['mail', false],
    ]);
  });

  it('are written once for each limit that has changed', () => {
    const limits = new Limits(specs);
    expect(limits.durable({ now: 0, wall: day })).toEqual([]);
    limits.acquire(1, 1, 'vendor');
    limits.acquire(1, 2, 'mail');
    expect(limits.durable({ now: 0, wall: day })).toEqual([]);
    limits.advance(0);
    expect(limits.durable({ now: 0, wall: day })).toEqual([
      { limit: 'vendor', wall: day, at: 0, boot: null, frozenMs: 0, calls: [-3000, 1] },
    ]);
    limits.announced(0);
    expect(limits.durable({ now: 1, wall: day + 1 })).toEqual([]);
    limits.freeze(2, 'mail', 500);
    expect(limits.durable({ now: 3, wall: day + 3 })).toEqual([
      { limit: 'mail', wall: day + 3, at: 3, boot: null, frozenMs: 499, calls: [] },
    ]);
  });

  it('are written again, with the present time, for grants whose commit is delayed', () => {
    const limits = new Limits(specs);
    limits.acquire(1, 1, 'vendor');
    limits.advance(0);
    expect(limits.durable({ now: 0, wall: day })).toMatchObject([{ wall: day, calls: [-3000, 1] }]);
    expect(limits.durable({ now: 5000, wall: day + 5000 })).toMatchObject([{ wall: day + 5000, calls: [-3000, 1] }]);
    limits.announced(5001);
    expect(limits.durable({ now: 5001, wall: day + 5001 })).toEqual([]);
  });

  it('are small and plain JSON', () => {
    const limits = new Limits({ vendor: { rate: { count: 5000, perMs: 3_600_000 } } });
    let records = limits.durable({ now: 0, wall: day });
    for (let now = 0, id = 0; id < 5000; now += 720, id++) {
      limits.acquire(1, id, 'vendor');
      limits.advance(now);
      records = limits.durable({ now, wall: day + now });
      limits.announced(now);
    }
    const text = JSON.stringify(records);
    expect(text.length).toBeLessThan(1000);
    expect(JSON.parse(text)).toEqual(records);
    expect(records[0]!.calls.filter((_, i) => i % 2 === 1).reduce((sum, count) => sum + count, 0)).toBe(5000);
  });

  it('make the allowance hold across a restart', () => {
    const records = crashed(99);
    const limits = new Limits(specs);
    limits.restore(records, 1_000_000, day + 30_000);
    for (let id = 0; id < 3; id++) limits.acquire(2, id, 'vendor');
    expect(ids(limits.advance(1_000_000))).toEqual([0]);
    // The minute has 30 s left, and a call may take a twentieth of a minute to arrive.
    limits.announced(1_000_000);
    expect(limits.advance(1_032_999)).toEqual([]);
    expect(ids(limits.advance(1_033_000))).toEqual([1, 2]);
  });

  it('of a freeze hold across a restart, less the time that has passed', () => {
    const before = new Limits(specs);
    before.freeze(0, 'vendor', 3_600_000);
    const limits = new Limits(specs);
    limits.restore(before.durable({ now: 0, wall: day }), 0, day + 600_000);
    expect(limits.snapshot(0)[0]?.frozenMs).toBe(3_000_000);
  });

  it.each([
    ['set back by a year', -31_536_000_000, 60_000],
    ['set forward by a year', 31_536_000_000, 0],
  ])('never freeze calls for longer than intended if the clock was %s', (_, jump, expected) => {
    const before = new Limits(specs);
    before.freeze(0, 'vendor', 60_000);
    const limits = new Limits(specs);
    limits.restore(before.durable({ now: 0, wall: day }), 0, day + jump);
    expect(limits.snapshot(0)[0]?.frozenMs).toBe(expected);
  });

  it.each([
    ['of the same boot, set back by a year', 'boot 1', -31_536_000_000, 40_000],
    ['of the same boot, set forward by a year', 'boot 1', 31_536_000_000, 40_000],
    ['of another boot, which is correct', 'boot 2', 20_000, 50_000],
    ['of another boot, which is a few seconds fast', 'boot 2', 30_000, 40_000],
    ['of an unknown boot', null, 20_000, 40_000],
  ])(
    'are aged by the monotonic clock if possible and otherwise by the wall clock, with a clock %s',
    (_, boot, wallMs, frozenMs) => {
      const before = new Limits(specs, 'boot 1');
      before.freeze(100, 'vendor', 60_000);
      const limits = new Limits(specs, boot);
      limits.restore(before.durable({ now: 100, wall: day }), 20_100, day + wallMs);
      expect(limits.snapshot(20_100)[0]?.frozenMs).toBe(frozenMs);
    },
  );

  it('from a version that did not record boots are aged by the wall clock', () => {
    const limits = new Limits(specs, 'boot 1');
    limits.restore([{ limit: 'vendor', wall: day, frozenMs: 60_000, calls: [] }], 0, day + 20_000);
    expect(limits.snapshot(0)[0]?.frozenMs).toBe(40_000);
  });

  it('are written again when the wall clock is set', () => {
    const limits = new Limits(specs);
    limits.freeze(0, 'vendor', 60_000);
    limits.durable({ now: 0, wall: day });
    expect(limits.durable({ now: 1000, wall: day + 1010 })).toEqual([]);
    expect(limits.durable({ now: 2000, wall: day + 3_602_000 })).toEqual([
      { limit: 'vendor', wall: day + 3_602_000, at: 2000, boot: null, frozenMs: 58_000, calls: [] },
    ]);
    expect(limits.durable({ now: 3000, wall: day + 3_603_000 })).toEqual([]);
  });

  it('are written again after a restart', () => {
    const limits = new Limits(specs);
    limits.restore(crashed(5), 0, day - 5000);
    expect(limits.durable({ now: 10, wall: day - 4990 })).toMatchObject([{ limit: 'vendor', wall: day - 4990 }]);
  });

  it('make the allowance hold across a second restart soon after', () => {
    const second = new Limits(specs);
    second.restore(crashed(100), 0, day);
    const third = new Limits(specs);
    third.restore(second.durable({ now: 10, wall: day + 10 }), 0, day + 20);
    third.acquire(1, 1, 'vendor');
    expect(third.advance(59_000)).toEqual([]);
  });

  it('do not delay calls for longer than a period, even if earlier calls count as not yet arrived', () => {
    const limits = new Limits({ vendor: { rate: { count: 1, perMs: 60_000 } } });
    limits.restore(crashed(1), 0, day);
    limits.acquire(1, 1, 'vendor');
    expect(ids(limits.advance(60_000))).toEqual([1]);
  });

  it('stay short after the configured period has become longer', () => {
    const short = new Limits({ vendor: { rate: { count: 1000, perMs: 1000 } } });
    let records = short.durable({ now: 0, wall: day });
    for (let id = 0; id < 1000; id++) {
      short.acquire(1, id, 'vendor');
      short.advance(id);
      records = short.durable({ now: id, wall: day });
      short.announced(id);
    }
    expect(records[0]!.calls.length / 2).toBeGreaterThan(20);
    const long = new Limits({ vendor: { rate: { count: 1000, perMs: 10_000 } } });
    long.restore(records, 0, day);
    const [record] = long.durable({ now: 0, wall: day });
    expect(record!.calls.length / 2).toBeLessThan(5);
    expect(record!.calls.filter((_, i) => i % 2 === 1).reduce((sum, count) => sum + count, 0)).toBe(1000);
  });

  it('are ignored if their limit no longer exists or no longer has a rate', () => {
    const limits = new Limits({ vendor: { concurrency: 1 } });
    limits.restore([...crashed(5), { limit: 'gone', wall: day, frozenMs: 1e9, calls: [0, 1] }], 0, day);
    limits.acquire(1, 1, 'vendor');
    expect(ids(limits.advance(0))).toEqual([1]);
  });

  it('fill exactly one period if they contain more calls than the rate now allows', () => {
    const limits = new Limits({ vendor: { rate: { count: 2, perMs: 1000 } } });
    limits.restore([{ limit: 'vendor', wall: day, frozenMs: 0, calls: [0, 500] }], 0, day);
    limits.acquire(1, 1, 'vendor');
    expect(limits.advance(999)).toEqual([]);
    expect(limits.nextAt(999)).toBe(1000);
    expect(ids(limits.advance(1000))).toEqual([1]);
  });
});

describe('the snapshot', () => {
  it('has the form of the limits in the status', () => {
    const limits = new Limits({
      a: { concurrency: 3 },
      b: { rate: { count: 600, perMs: 60_000 } },
      c: { rate: { count: 10, perMs: 250 } },
    });
    limits.acquire(1, 1, 'a');
    limits.advance(0);
    limits.acquire(1, 2, 'b');
    const part: Status['limits'] = limits.snapshot(0);
    expect(part).toEqual([
      { name: 'a', held: 1, lingering: 0, concurrency: 3, rate: null, waiting: 0, frozenMs: 0, granted: 1 },
      { name: 'b', held: 0, lingering: 0, concurrency: null, rate: '600/min', waiting: 1, frozenMs: 0, granted: 0 },
      { name: 'c', held: 0, lingering: 0, concurrency: null, rate: '10/250ms', waiting: 0, frozenMs: 0, granted: 0 },
    ]);
  });
});
