import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../src/core/seeded-random.ts';
import { damageIn, disagreementsIn } from '../../../src/queue/spool/checks.ts';
import { openForReading } from '../../../src/queue/spool/reading.ts';
import { Spool } from '../../../src/queue/spool/spool.ts';
import { aRun } from '../../contract/store.ts';
import { AtWork } from './at-work.ts';
import { torn } from './torn.ts';

type Durability = 'full' | 'normal';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** The present content of the file and its log. Reading them drops the lock, which these tests do not need. */
interface Disk {
  file: Buffer;
  log: Buffer;
}

function diskOf(name: string): Disk {
  return { file: readFileSync(join(directory, name)), log: readFileSync(join(directory, `${name}-wal`)) };
}

/** Everything that a spool holds, as text. */
function contentsOf(spool: Spool): string {
  const frames = spool.store.readFrames(0, Infinity).map(({ first, frame, settled }) => {
    return [first, frame.count, settled.toFlat(), createHash('md5').update(frame.body).digest('hex')];
  });
  const retries = spool.store
    .readRetryHeads(1000)
    .map((head) => [head, spool.store.readRetry(head.seq)?.body.toString('base64')]);
  const dead = spool.store.readDead({ after: 0, limit: 1000 }).map(({ seq, reason, error }) => [seq, reason, error]);
  const { nextSeq: _, ...run } = spool.store.run()!;
  return JSON.stringify([run, spool.store.totals(), spool.store.limits(), frames, retries, dead]);
}

/** Starts on the files that a power loss has left, checks what must hold, and returns the content. */
function restartOn({ file, log }: Disk, durability: Durability): { contents: string; nextSeq: number } {
  const name = join(directory, 'restarted.db');
  rmSync(`${name}-shm`, { force: true });
  writeFileSync(name, file);
  writeFileSync(`${name}-wal`, log);
  const spool = Spool.open({ file: name, durability });
  const found = { contents: contentsOf(spool), nextSeq: spool.store.run()!.nextSeq };
  spool.close();
  const { db, close } = openForReading(name);
  expect([damageIn(db), disagreementsIn(db)]).toEqual([[], []]);
  close();
  return found;
}

describe('with durability full, a power loss at any moment', () => {
  it.each([1, 2])(
    'leaves every reported commit complete, and the commit in progress complete or not at all (seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      const spool = Spool.open({ file: join(directory, 'queue.db'), durability: 'full' });
      const work = new AtWork(spool, random, aRun);
      work.commit();
      let before = diskOf('queue.db');
      let reported = { contents: contentsOf(spool), nextSeq: work.run.nextSeq };
      let checkpoints = 0;
      for (let n = 0; n < 60; n++) {
        work.commit();
        const after = diskOf('queue.db');
        const whole = contentsOf(spool);
        // SQLite copies to the file only what is safely in the log.
        const isCheckpoint = !after.file.equals(before.file);
        checkpoints += isCheckpoint ? 1 : 0;
        const cuts = [
          { disk: { file: before.file, log: torn(before.log, after.log, random) }, may: [reported.contents, whole] },
        ];
        // A commit that is only partly in the file is complete in the log.
        const emptied = { file: torn(before.file, after.file, random), log: after.log };
        if (isCheckpoint) cuts.push({ disk: emptied, may: [whole] });
        for (const { disk, may } of cuts) {
          const found = restartOn(disk, 'full');
          expect(may).toContain(found.contents);
          expect(found.nextSeq).toBeGreaterThanOrEqual(reported.nextSeq);
        }
        before = after;
        reported = { contents: whole, nextSeq: work.run.nextSeq };
      }
      expect(checkpoints).toBeGreaterThan(0);
      spool.abandon();
    },
  );
});

describe('with durability normal, a power loss at any moment', () => {
  it('loses nothing that was synced, such as the items that a sink may forget', () => {
    const spool = Spool.open({ file: join(directory, 'queue.db'), durability: 'normal' });
    const work = new AtWork(spool, seededRandom(5), aRun);
    for (let n = 0; n < 20; n++) {
      work.commit();
      spool.store.sync();
      const { file } = diskOf('queue.db');
      expect(restartOn({ file, log: Buffer.alloc(0) }, 'normal').contents).toBe(contentsOf(spool));
    }
    spool.abandon();
  });

  it.each([3, 4])(
    'leaves the queue as of some commit since the log was last emptied, and no seq is assigned to two items (seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      const spool = Spool.open({ file: join(directory, 'queue.db'), durability: 'normal' });
      const work = new AtWork(spool, random, aRun);
      work.commit();
      let safe = diskOf('queue.db');
      let since = [contentsOf(spool)];
      let lost = 0;
      for (let n = 0; n < 60; n++) {
        work.commit();
        const now = diskOf('queue.db');
        if (!now.file.equals(safe.file)) {
          // SQLite has copied the log into the file, so everything committed until then is on the disk.
          safe = now;
          since = [contentsOf(spool)];
          continue;
        }
        since.push(contentsOf(spool));
        if (n % 3 > 0) continue;
        const found = restartOn({ file: safe.file, log: torn(safe.log, now.log, random) }, 'normal');
        expect(since).toContain(found.contents);
        if (found.contents !== since.at(-1)) lost += 1;
        expect(found.nextSeq).toBeGreaterThanOrEqual(work.run.nextSeq);
      }
      expect(lost).toBeGreaterThan(5);
      spool.abandon();
    },
  );
});
