import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../src/core/seeded-random.ts';
import { damageIn, disagreementsIn } from '../../../src/queue/spool/checks.ts';
import { openForReading } from '../../../src/queue/spool/reading.ts';
import { Bundles } from '../../support/bundled.ts';

const bundles = new Bundles();
let program: string;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  program = bundles.make('test/fixtures/committing.ts');
});
afterAll(() => {
  bundles.remove();
  rmSync(directory, { recursive: true });
});

/** Lets a process commit, kills it during the commit after `commits` of them, and returns the last seq that it reported. */
async function killedAfter(commits: number, ...args: string[]): Promise<number> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let reported = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    reported = Number(line);
    lines += 1;
    if (lines === commits) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return reported;
}

describe.each(['full', 'normal'])('a process that is killed while it commits, with durability %s,', (durability) => {
  it('leaves everything that it reported as stored and no partial commit, however often it is killed', async () => {
    const random = seededRandom(7);
    const file = join(directory, `${durability}.db`);
    let last = 0;
    for (let life = 1; life <= 8; life++) {
      const reported = await killedAfter(1 + Math.floor(random() * 40), file, durability, `${life}`);
      expect(reported).toBeGreaterThan(last);
      const { db, close } = openForReading(file);
      const nextSeq = db.prepare('SELECT next_seq FROM run').pluck().get() as number;
      expect([damageIn(db), disagreementsIn(db)]).toEqual([[], []]);
      close();
      // The commit in progress may have completed before it was reported.
      expect([reported, reported + 3]).toContain(nextSeq);
      last = reported;
    }
  });
});
