import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { Intervals } from '../../../../src/core/intervals.ts';
import type { Frame } from '../../../../src/frame/frame.ts';
import { applicationId, migrations, schemaVersion } from '../../../../src/queue/spool/schema.ts';
import { verifySpool } from '../../../../src/queue/spool/verify.ts';
import { Spool } from '../../../../src/queue/spool/spool.ts';
import { aRun, deadOf, group, limitRecord, retryOf } from '../../../contract/store.ts';
import { frameOf } from '../../../support/frames.ts';
import { thrownBy } from '../../../support/thrown.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  file = join(directory, 'queue.db');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const items = (...ids: number[]): Frame => frameOf(ids.map((id) => ({ id, text: `item ${id}` })));

/** A queue in the middle of a run: 10 items stored, 2 done, 1 waiting for a retry, 1 dead, 6 left. */
function aSpool(): Spool {
  const spool = Spool.open({ file, durability: 'full' });
  const run = { ...aRun, nextSeq: 11, stored: 10, done: 2, dead: 1 };
  const frames = [
    { first: 1, frame: items(1, 2, 3, 4, 5) },
    { first: 6, frame: items(6, 7, 8, 9, 10) },
  ];
  const limits = [limitRecord('vendor', 1)];
  spool.store.commit(group({ run, frames, limits }));
  spool.store.commit(
    group({
      run,
      progress: [{ first: 1, count: 5, settled: Intervals.of([1, 4]) }],
      retries: [retryOf(3, { frame: items(3) })],
      dead: [deadOf(4, { frame: items(4), run: run.run })],
    }),
  );
  return spool;
}

/** The problems that are found after this SQL has changed the file. */
function problemsAfter(sql: string): string[] {
  aSpool().close();
  const db = new Database(file);
  db.exec(sql);
  db.close();
  return verifySpool(file).problems;
}

function everyFile(): Record<string, unknown> {
  return Object.fromEntries(
    readdirSync(directory).map((name) => {
      const path = join(directory, name);
      const { mtimeMs, ino } = statSync(path);
      return [name, { mtimeMs, ino, md5: createHash('md5').update(readFileSync(path)).digest('hex') }];
    }),
  );
}

describe('checking a spool', () => {
  it.each([
    ['was closed', (spool: Spool) => spool.close()],
    ['was left by a killed supervisor', killed],
  ])('finds no problem and changes nothing if it %s', (_, letGo) => {
    letGo(aSpool());
    const before = everyFile();
    expect(verifySpool(file)).toEqual({
      file,
      schema: schemaVersion,
      run: { run: 'r1', state: 'running' },
      items: { waiting: 6, retrying: 1, dead: 1 },
      problems: [],
    });
    expect(everyFile()).toEqual(before);
  });

  it('finds no problem if it was never used', () => {
    writeFileSync(file, '');
    expect(verifySpool(file)).toMatchObject({ schema: 0, run: null, problems: [] });
    expect(readFileSync(file)).toHaveLength(0);
  });

  it('finds no problem if it has an earlier version', () => {
    const db = new Database(file);
    db.exec(migrations[0]!);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma('user_version = 1');
    db.close();
    expect(verifySpool(file)).toMatchObject({ schema: 1, run: null, problems: [] });
  });

  it('fails and creates nothing if it does not exist', () => {
    expect(thrownBy(() => verifySpool(file))).toMatchObject({ code: 'NO_QUEUE', exitCode: 78 });
    expect(readdirSync(directory)).toEqual([]);
  });
});

/** Closes it as a kill would: the log still exists. */
function killed(spool: Spool): void {
  const copies = ['queue.db', 'queue.db-wal'].map((name) => [name, readFileSync(join(directory, name))] as const);
  spool.abandon();
  for (const [name, bytes] of copies) writeFileSync(join(directory, name), bytes);
  rmSync(join(directory, 'supervisor.pid'));
}

describe('checking a damaged spool', () => {
  it.each([
    ['UPDATE frames SET bytes = 7 WHERE first = 6', /^frame 6 should have 7 bytes but has \d+$/],
    ['UPDATE frames SET count = 0 WHERE first = 6', 'frame 6 holds 0 items'],
    ['UPDATE frames SET body = zeroblob(length(body)) WHERE first = 6', /^frame 6 holds an item that cannot be read: /],
    ['UPDATE frames SET first = 5 WHERE first = 6', 'frames 1 and 5 overlap'],
    ['UPDATE frames SET first = 16 WHERE first = 6', 'frames holds item 20, but the next new item would be 11'],
    ['DELETE FROM frames WHERE first = 1', 'the progress of frame 1 exists, but the frame does not'],
    ["UPDATE progress SET settled = '[1,'", 'the progress of frame 1 cannot be read: [1,'],
    ['UPDATE progress SET settled_count = 3', 'the progress of frame 1 counts 3 settled items but lists 4'],
    [
      "UPDATE progress SET settled = '[1,5]', settled_count = 5",
      'the progress of frame 1 covers 5 of 5 items and should not exist',
    ],
    ["UPDATE progress SET settled = '[3,6]'", 'the progress of frame 1 lists items that are not in the frame'],
    ["UPDATE progress SET settled = '[1,2,4,5]'", 'item 3 waits for a retry, but also waits in frame 1'],
    ["UPDATE progress SET settled = '[1,3,5,5]'", 'item 4 is dead, but also waits in frame 1'],
    ['UPDATE dead SET seq = 3', 'item 3 both waits for a retry and is a dead letter'],
    ["UPDATE retries SET body = x'dc'", /^retry 3 holds an item that cannot be read: /],
    ["UPDATE dead SET body = x'dc'", /^dead letter 4 holds an item that cannot be read: /],
    ["UPDATE dead SET error = '{'", 'dead letter 4 has an error that cannot be read'],
    ['UPDATE retries SET seq = 11', 'retries holds item 11, but the next new item would be 11'],
    ['UPDATE run SET stored = 12', 'the run counts 12 items, but 2 done, 1 dead and 7 open'],
    ['UPDATE run SET dead = 0, stored = 9', 'the run counts 0 dead letters, but there are 1'],
    ["UPDATE run SET state = 'finishing'", 'the run is finishing, but 7 items are open'],
    ["UPDATE run SET state = 'finished', exit_code = 0", 'the run is finished, but 7 items are open'],
    ['UPDATE run SET exit_code = 0', 'the run is running, with exit code 0'],
    ['DELETE FROM run', '7 items are waiting, but there is no run'],
    ['DELETE FROM spool', 'there are 0 rows about the queue itself, but there must be one'],
    ["UPDATE spool SET id = ''", 'the queue has no id'],
    ['UPDATE spool SET generation = 9', 'the queue counts 9 starts, but the last one recorded is 1'],
    ["UPDATE limits SET data = 'x'", 'the record of limit vendor cannot be read'],
  ])('reports the problem after %s', (sql, problem) => {
    const isIt = (found: string): boolean => (typeof problem === 'string' ? found === problem : problem.test(found));
    const problems = problemsAfter(sql);
    expect([problems, problems.some(isIt)]).toEqual([problems, true]);
  });

  it('reports the first ten problems of each kind', () => {
    const numbers = Array.from({ length: 25 }, (_, i) => `('l${i}', 'x')`).join();
    const problems = problemsAfter(`INSERT INTO limits VALUES ${numbers}`);
    expect(problems).toHaveLength(11);
    expect(problems.at(-1)).toBe('… and 15 more of this kind');
  });

  it('reports a damaged page', () => {
    aSpool().close();
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096 * 2, 4096 * 2 + 100);
    writeFileSync(file, bytes);
    const found = thrownBy(() => {
      const { problems } = verifySpool(file);
      if (problems.length > 0) throw Object.assign(new Error(problems.join()), { exitCode: 74 });
    });
    expect(found).toMatchObject({ exitCode: 74 });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('rejects a file of another program', () => {
    const db = new Database(file);
    db.exec('CREATE TABLE pokemon (id)');
    db.close();
    expect(thrownBy(() => verifySpool(file))).toMatchObject({ code: 'NOT_A_SPOOL', exitCode: 78 });
    writeFileSync(file, 'not a database at all\n'.repeat(100));
    expect(thrownBy(() => verifySpool(file))).toMatchObject({ code: 'SPOOL_DAMAGED', exitCode: 74 });
  });
});
