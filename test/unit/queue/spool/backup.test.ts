import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { frameOf } from '../../../support/frames.ts';
import { to } from '../../../../src/connectors/to.ts';
import { backUpFile } from '../../../../src/queue/spool/backup.ts';
import { compactSpool } from '../../../../src/queue/spool/compact.ts';
import { verifySpool } from '../../../../src/queue/spool/verify.ts';
import { Spool } from '../../../../src/queue/spool/spool.ts';
import { Intervals } from '../../../../src/core/intervals.ts';
import { aRun, group } from '../../../contract/store.ts';
import { sinkContext } from '../../../contract/sink-context.ts';
import { thrownBy } from '../../../support/thrown.ts';
import { batchWith } from '../../../contract/captured-by.ts';

let directory: string;
let file: string;
let copy: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  mkdirSync(join(directory, 'state'));
  file = join(directory, 'state', 'queue.db');
  copy = join(directory, 'copy.db');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const open = (name = file): Spool => Spool.open({ file: name, durability: 'full' });

/** Stores one more item, of 50 kB. */
function store(spool: Spool, seq: number): void {
  const run = { ...aRun, nextSeq: seq + 1, stored: seq };
  spool.store.commit(group({ run, frames: [{ first: seq, frame: frameOf([{ seq, text: 'x'.repeat(50_000) }]) }] }));
}

describe('a backup of a spool that is in use', () => {
  it('contains the state of one moment, even if commits continue meanwhile, and needs no other file', async () => {
    const spool = open();
    for (let seq = 1; seq <= 100; seq++) store(spool, seq);
    const steps: number[] = [];
    await spool.backUp({
      file: copy,
      onProgress: ({ done, of }) => {
        steps.push(done / of);
        store(spool, 100 + steps.length);
      },
    });
    const stored = spool.store.run()!.stored;
    store(spool, stored + 1);
    spool.close();
    expect(steps.length).toBeGreaterThan(10);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    const { items, problems } = verifySpool(copy);
    expect(problems).toEqual([]);
    expect(items.waiting).toBeGreaterThanOrEqual(100);
    expect(items.waiting).toBeLessThanOrEqual(stored);
    expect(readdirSync(directory).toSorted()).toEqual(['copy.db', 'state']);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const restored = open(copy);
    expect(restored.store.run()!.stored).toBe(items.waiting);
    restored.close();
  });

  it('is refused by a sink that the original queue has written to since', async () => {
    const spool = open();
    store(spool, 1);
    const sink = to.memory();
    const writer = await sink.open(sinkContext({ start: spool.start }));
    await writer.commit(batchWith(Intervals.of([1, 1]), []));
    await spool.backUp({ file: copy });
    spool.close();
    const restored = open(copy);
    await expect(sink.open(sinkContext({ writer: 2, start: restored.start }))).rejects.toMatchObject({
      code: 'SINK_NEWER',
    });
    restored.close();
  });

  it('leaves no file and does not change the spool if it fails', async () => {
    const spool = open();
    store(spool, 1);
    const failing = spool.backUp({ file: join(directory, 'not there', 'copy.db') });
    await expect(failing).rejects.toMatchObject({ code: 'BACKUP', exitCode: 74 });
    const closing = spool.backUp({ file: copy, onProgress: () => spool.close() });
    await expect(closing).rejects.toMatchObject({ code: 'BACKUP', exitCode: 74 });
    expect(readdirSync(directory)).toEqual(['state']);
    const again = open();
    expect([again.wasClean, again.store.run()?.stored]).toEqual([true, 1]);
    again.close();
  });

  it.each([
    ['an existing file', () => writeFileSync(copy, 'mine')],
    ['the queue itself under another name', () => symlinkSync(file, copy)],
  ])('does not overwrite %s', async (_, make) => {
    const spool = open();
    store(spool, 1);
    make();
    const before = readFileSync(copy);
    await expect(spool.backUp({ file: copy })).rejects.toMatchObject({ exitCode: 64 });
    expect(readFileSync(copy).equals(before)).toBe(true);
    store(spool, 2);
    spool.close();
  });
});

describe('a backup of a spool that is not in use', () => {
  it('contains the same queue and does not change the spool', async () => {
    const spool = open();
    store(spool, 1);
    spool.close();
    const before = readFileSync(file);
    await backUpFile(file, { file: copy });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(join(directory, 'state'))).toEqual(['queue.db']);
    const restored = open(copy);
    expect([restored.start.queue, restored.start.ids[1]]).toEqual([spool.start.queue, spool.start.ids[0]]);
    restored.close();
  });
});

describe('compacting a spool', () => {
  it('makes it smaller and keeps its content', () => {
    const spool = open();
    for (let seq = 1; seq <= 50; seq++) store(spool, seq);
    const settled = Array.from({ length: 49 }, (_, i) => i + 1);
    const progress = settled.map((first) => ({ first, count: 1, settled: Intervals.of([first, first]) }));
    spool.store.commit(group({ run: { ...aRun, nextSeq: 51, stored: 50, done: 49 }, progress }));
    spool.abandon();
    const { before, after } = compactSpool(file);
    expect(before).toBeGreaterThan(2_500_000);
    expect(after).toBeLessThan(200_000);
    expect(statSync(file).size).toBe(after);
    expect(readdirSync(join(directory, 'state'))).toEqual(['queue.db']);
    expect(verifySpool(file)).toMatchObject({ items: { waiting: 1 }, problems: [] });
    const again = open();
    expect([again.wasClean, again.start.generation]).toEqual([false, 2]);
    again.close();
  });

  it('fails and creates nothing if the spool does not exist', () => {
    expect(thrownBy(() => compactSpool(file))).toMatchObject({ code: 'NO_QUEUE', exitCode: 78 });
    expect(readdirSync(join(directory, 'state'))).toEqual([]);
  });
});
