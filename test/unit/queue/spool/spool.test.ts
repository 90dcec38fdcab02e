import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { Intervals } from '../../../../src/core/intervals.ts';
import { cutFrame } from '../../../../src/frame/frame.ts';
import { Spool } from '../../../../src/queue/spool/spool.ts';
import type { RunRecord } from '../../../../src/queue/store.ts';
import { aRun, error, frameOf, group, limitRecord, retryOf } from '../../../contract/store.ts';
import { thrownBy } from '../../../support/thrown.ts';
import { steps, Walk } from '../queue-walk.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function open(durability: 'full' | 'normal' = 'full', name = 'queue.db'): Spool {
  return Spool.open({ file: join(directory, name), durability });
}

/** Opens the spool, calls `use` with it, and closes it as a kill would. */
function killedAfter(use: (spool: Spool) => void, durability: 'full' | 'normal' = 'full'): void {
  const spool = open(durability);
  use(spool);
  spool.abandon();
}

describe('the spool', () => {
  it('counts the supervisors that were killed since an item was settled', () => {
    const frame = frameOf('a', 'b');
    killedAfter((spool) => spool.store.commit(group({ run: { ...aRun, nextSeq: 3 }, frames: [{ first: 1, frame }] })));
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) killedAfter(({ predecessors }) => void seen.push(predecessors.uncleanStarts));
    killedAfter((spool) =>
      spool.store.commit(group({ progress: [{ first: 1, count: 2, settled: Intervals.of([1, 1]) }] })),
    );
    for (let i = 0; i < 2; i++) killedAfter(({ predecessors }) => void seen.push(predecessors.uncleanStarts));
    open().close();
    killedAfter(({ predecessors }) => void seen.push(predecessors.uncleanStarts));
    expect(seen).toEqual([1, 2, 3, 1, 2, 0]);
  });

  it('does not count a process that only opened it as a supervisor that ended cleanly', () => {
    killedAfter((spool) => spool.store.commit(group({ trial: 7 })));
    killedAfter(() => undefined);
    const seen: unknown[] = [];
    for (const how of ['unused', 'unused', 'in order', 'in order'] as const) {
      const spool = open();
      seen.push({ ...spool.predecessors, wasClean: spool.wasClean });
      spool.close(how);
    }
    expect(seen).toEqual([
      { uncleanStarts: 2, trial: 7, wasClean: false },
      { uncleanStarts: 2, trial: 7, wasClean: true },
      { uncleanStarts: 2, trial: 7, wasClean: true },
      { uncleanStarts: 0, trial: null, wasClean: true },
    ]);
  });

  it('remembers which item was on trial when its supervisor was killed', () => {
    const trials: (number | null)[] = [];
    killedAfter((spool) => spool.store.commit(group({ trial: 7 })));
    killedAfter(({ predecessors }) => void trials.push(predecessors.trial));
    killedAfter((spool) => spool.store.commit(group({ trial: null })));
    killedAfter(({ predecessors }) => void trials.push(predecessors.trial));
    killedAfter((spool) => spool.store.commit(group({ trial: 8 })));
    open().close();
    killedAfter(({ predecessors }) => void trials.push(predecessors.trial));
    expect(trials).toEqual([7, null, null]);
  });

  it.each([
    ['closed', (spool: Spool) => spool.close(), true],
    ['abandoned', (spool: Spool) => spool.abandon(), false],
  ])('has everything that was committed when it is reopened after being %s', (_, letGo, wasClean) => {
    const spool = open();
    const frame = frameOf('a', 'b', 'c');
    const run: RunRecord = { ...aRun, nextSeq: 4, position: { cursor: '7', count: 1, digest: 'd' } };
    spool.store.commit(group({ run, frames: [{ first: 1, frame }] }));
    spool.store.commit(
      group({
        run,
        progress: [{ first: 1, count: 3, settled: Intervals.of([1, 1], [3, 3]) }],
        retries: [retryOf(3, { frame: cutFrame(frame, 2, 1) })],
        dead: [
          {
            seq: 1,
            origin: 1,
            run: 'r1',
            attempts: 5,
            kills: 2,
            reason: 'no',
            error,
            diedAt: 7,
            frame: cutFrame(frame, 0, 1),
          },
        ],
        limits: [limitRecord('vendor', 1)],
      }),
    );
    letGo(spool);
    letGo(spool);

    const again = open();
    expect(again.wasClean).toBe(wasClean);
    expect(again.start.generation).toBe(2);
    expect(again.store.run()).toEqual(run);
    expect(again.store.totals().items).toBe(1);
    const [stored] = again.store.readFrames(0, Infinity);
    expect([stored?.first, stored?.frame, stored?.settled.toFlat()]).toEqual([1, frame, [1, 1, 3, 3]]);
    expect(again.store.readRetry(3)).toEqual(frameOf('c'));
    expect(again.store.readDead({ after: 0, limit: 10 }).map((dead) => [dead.seq, dead.frame, dead.error])).toEqual([
      [1, frameOf('a'), error],
    ]);
    expect(again.store.limits()).toEqual([limitRecord('vendor', 1)]);
    again.close();
  });

  it('knows each of its starts by its own id, whether the start ended cleanly or not', () => {
    const starts = [1, 2, 3, 4].map((n) => {
      const spool = open();
      if (n % 2 === 0) spool.close();
      else spool.abandon();
      return spool.start;
    });
    expect(starts.map(({ generation }) => generation)).toEqual([1, 2, 3, 4]);
    const { ids } = starts.at(-1)!;
    expect(new Set(ids).size).toBe(4);
    expect(starts.map((start) => start.ids)).toEqual([ids.slice(3), ids.slice(2), ids.slice(1), ids]);
    expect(new Set(starts.map(({ queue }) => queue)).size).toBe(1);
  });

  it('remembers at most a thousand of its starts', () => {
    open().close();
    const db = new Database(join(directory, 'queue.db'));
    db.exec(`
      WITH RECURSIVE n(i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
      INSERT INTO starts (generation, id) SELECT i, 's' || i FROM n;
      UPDATE spool SET generation = 1500`);
    db.close();
    const { start } = open();
    expect([start.generation, start.ids.length, start.ids.at(-1)]).toEqual([1501, 1000, 's502']);
  });

  it('has an id that no other spool has', () => {
    const ids = ['a.db', 'b.db'].map((name) => {
      const spool = open('full', name);
      spool.close();
      return spool.start.queue;
    });
    expect(new Set(ids).size).toBe(2);
    expect(ids.join(' ')).toMatch(/^[0-9a-f]{24} [0-9a-f]{24}$/);
  });

  it('keeps a queue in a file in agreement with its model after any sequence of steps', () => {
    let n = 0;
    fc.assert(
      fc.property(steps(300), (all) => {
        const spool = open('full', `${++n}.db`);
        const walk = new Walk(spool.store);
        walk.run(all);
        walk.finish();
        spool.close();
      }),
      { numRuns: 25 },
    );
  });
});

describe('a read of the spool that fails', () => {
  const reads: [string, (spool: Spool) => unknown][] = [
    // Opening a spool reads the runs, so they are in memory then.
    ['totals', (spool) => spool.store.totals()],
    ['limits', (spool) => spool.store.limits()],
    ['frames', (spool) => spool.store.readFrames(0, Infinity)],
    ['a frame', (spool) => spool.store.readFrameOf(1)],
    ['heads of retries', (spool) => spool.store.readRetryHeads(10)],
    ['a retry', (spool) => spool.store.readRetry(3)],
    ['the error of a retry', (spool) => spool.store.readRetryError(3)],
    ['seqs of retries', (spool) => spool.store.readRetrySeqs(10)],
    ['dead letters', (spool) => spool.store.readDead({ after: 0, limit: 10 })],
    ['processes', (spool) => spool.writers.notEnded()],
    ['processes to be barred', (spool) => spool.writers.notFenced('r1')],
  ];

  it.each(reads)('is final, and names the file: %s', (_, read) => {
    const file = join(directory, 'queue.db');
    const spool = open();
    spool.store.commit(
      group({
        frames: [{ first: 1, frame: frameOf('a', 'b') }],
        retries: [retryOf(3)],
        limits: [limitRecord('v', 1)],
      }),
    );
    spool.shrink();
    // SQLite does not read again what it has in memory; another start has nothing in memory.
    spool.close();
    const again = open();
    writeFileSync(file, Buffer.alloc(statSync(file).size, 0xff));
    truncateSync(join(directory, 'queue.db-wal'));
    const thrown = thrownBy(() => read(again));
    expect(thrown).toMatchObject({ code: 'SPOOL_DAMAGED', exitCode: 74 });
    expect(thrown?.message).toContain(`the queue's file ${file} `);
    const before = readFileSync(file);
    again.close();
    // Nothing is written to it, not even that it was closed.
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('may be a read of a row that cannot be parsed', () => {
    const spool = open();
    const progress = [{ first: 1, count: 2, settled: Intervals.of([1, 1]) }];
    spool.store.commit(group({ frames: [{ first: 1, frame: frameOf('a', 'b') }], progress }));
    spool.close();
    const db = new Database(join(directory, 'queue.db'));
    db.exec(`UPDATE progress SET settled = '[1,'`);
    db.close();
    const again = open();
    expect(thrownBy(() => again.store.readFrameOf(1))?.message).toContain('queue.db is damaged');
    again.abandon();
  });
});

describe('free space within the spool’s file', () => {
  it('is given back to the disk, a part at a time', () => {
    const spool = open();
    const frames = Array.from({ length: 100 }, (_, i) => ({ first: i + 1, frame: frameOf('x'.repeat(100_000)) }));
    const progress = frames.map(({ first }) => ({ first, count: 1, settled: Intervals.of([first, first]) }));
    const size = (): number => statSync(join(directory, 'queue.db')).size;
    const log = (): number => statSync(join(directory, 'queue.db-wal')).size;
    spool.store.commit(group({ frames }));
    spool.store.commit(group({ progress: progress.slice(0, 99) }));
    spool.shrink();
    const sizes = [size()];
    expect(log()).toBe(0);
    while (sizes.length < 10) {
      spool.shrink();
      sizes.push(size());
    }
    expect(sizes[0]).toBeGreaterThan(4_000_000);
    expect(sizes[1]).toBeLessThan(sizes[0]!);
    expect(sizes.at(-1)).toBeLessThan(400_000);
    expect(spool.store.readFrameOf(100)?.frame).toEqual(frameOf('x'.repeat(100_000)));
    spool.close();
  });
});

describe('the log of the spool', () => {
  const log = (): number => statSync(join(directory, 'queue.db-wal'), { throwIfNoEntry: false })?.size ?? 0;
  const MiB = 1024 * 1024;

  it.each(['full', 'normal'] as const)(
    'stays small while much is written without a pause, with durability %s',
    (durability) => {
      const spool = open(durability);
      const frame = frameOf('x'.repeat(200_000));
      let largest = 0;
      for (let seq = 1; seq <= 500; seq++) {
        const progress = seq > 20 ? [{ first: seq - 20, count: 1, settled: Intervals.of([seq - 20, seq - 20]) }] : [];
        spool.store.commit(group({ run: { ...aRun, nextSeq: seq + 1 }, frames: [{ first: seq, frame }], progress }));
        largest = Math.max(largest, log());
      }
      expect(largest).toBeLessThan(6 * MiB);
      spool.close();
    },
  );

  it('is cut after a large commit, and removed when nothing is written any more', () => {
    const spool = open();
    const frames = Array.from({ length: 100 }, (_, i) => ({ first: i + 1, frame: frameOf('x'.repeat(200_000)) }));
    spool.store.commit(group({ run: { ...aRun, nextSeq: 101 }, frames }));
    expect(log()).toBeGreaterThan(15 * MiB);
    spool.store.commit(group({ run: { ...aRun, nextSeq: 101 } }));
    expect(log()).toBeLessThan(9 * MiB);
    expect(spool.tend()).toBe(log());
    expect(log()).toBeGreaterThan(0);
    expect([spool.tend(), log()]).toEqual([0, 0]);
    spool.store.commit(group({ run: { ...aRun, nextSeq: 102 } }));
    expect(spool.tend()).toBeGreaterThan(0);
    spool.close();
  });
});

// With durability normal, a power loss may roll the file back.
describe('seqs', () => {
  const block = 1_000_000;

  it('continue after all reserved seqs after an unclean stop', () => {
    killedAfter((spool) => spool.store.commit(group({ run: { ...aRun, nextSeq: 500 } })), 'normal');
    const spool = open('normal');
    expect(spool.store.run()?.nextSeq).toBe(500 + block);
    spool.close();
  });

  it('continue where they were after a clean stop', () => {
    const before = open('normal');
    before.store.commit(group({ run: { ...aRun, nextSeq: 500 } }));
    before.close();
    const spool = open('normal');
    expect(spool.store.run()?.nextSeq).toBe(500);
    spool.close();
  });

  it('are never assigned twice, however often the supervisor is killed and wherever in a block', () => {
    let last = 0;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 * block }), { minLength: 1, maxLength: 4 }), (growths) => {
        const spool = open('normal');
        let nextSeq = spool.store.run()?.nextSeq ?? 1;
        expect(nextSeq).toBeGreaterThan(last);
        for (const growth of growths) {
          nextSeq += growth;
          spool.store.commit(group({ run: { ...aRun, nextSeq } }));
          last = nextSeq - 1;
          // While it is open, the run is as committed, not as reserved.
          expect(spool.store.run()?.nextSeq).toBe(nextSeq);
        }
        spool.abandon();
      }),
      { numRuns: 15 },
    );
  });

  it('that a killed predecessor had reserved are skipped with durability full, too', () => {
    killedAfter((spool) => spool.store.commit(group({ run: { ...aRun, nextSeq: 500 } })), 'normal');
    const spool = open('full');
    expect(spool.store.run()?.nextSeq).toBe(500 + block);
    spool.store.commit(group({ run: { ...aRun, nextSeq: 500 + block + 7 } }));
    spool.abandon();
    const again = open('full');
    expect(again.store.run()?.nextSeq).toBe(500 + block + 7);
    again.close();
  });

  it('are not reserved with durability full, because nothing is rolled back', () => {
    killedAfter((spool) => spool.store.commit(group({ run: { ...aRun, nextSeq: 500 } })), 'full');
    const spool = open('full');
    expect(spool.store.run()?.nextSeq).toBe(500);
    spool.close();
  });
});

describe('the writers in a spool', () => {
  const consumer = { run: 'r1', role: 'consumer', ordinal: 1, pid: 4711, started: '123', boot: 'b' } as const;

  it('have ids that rise and are never reused, also across starts', () => {
    const ids: number[] = [];
    killedAfter(({ writers }) => ids.push(writers.register(consumer), writers.register({ ...consumer, ordinal: 2 })));
    killedAfter(({ writers }) => {
      for (const writer of ids) writers.ended(writer, { isClean: true });
      writers.forgetOthers('r2');
      ids.push(writers.register({ ...consumer, run: 'r2' }));
    });
    expect(ids).toEqual([1, 2, 3]);
  });

  it('are looked for by the next start until their end is recorded', () => {
    killedAfter(({ writers }) => {
      writers.register(consumer);
      writers.ended(writers.register(consumer), { isClean: false });
    });
    const spool = open();
    expect(spool.writers.notEnded()).toEqual([{ writer: 1, ...consumer }]);
    spool.close();
  });
});
