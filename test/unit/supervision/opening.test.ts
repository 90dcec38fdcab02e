import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventBus, type EventName } from '../../../src/observability/events.ts';
import { Spool } from '../../../src/queue/spool.ts';
import type { RunRecord } from '../../../src/queue/store.ts';
import { openRun, spoolFile, type Opening, type OpeningOptions } from '../../../src/supervision/opening.ts';
import { aRun } from '../../support/a-queue.ts';
import { HandClock } from '../../support/hand-clock.ts';

let stateDirectory: string;
let events: { name: EventName; event: unknown }[];
beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'millrace-'));
  events = [];
});
afterEach(() => rmSync(stateDirectory, { recursive: true }));

async function open(options: Partial<OpeningOptions> = {}): Promise<Opening> {
  const bus = new EventBus();
  bus.subscribe((name, event) => events.push({ name, event }));
  return await openRun({
    stateDirectory,
    durability: 'full',
    fingerprint: 'version 1',
    fresh: false,
    again: false,
    confirmFresh: () => Promise.resolve(),
    clock: new HandClock(),
    events: bus,
    ...options,
  });
}

/** Leaves a run behind, as a supervisor that has stopped does. */
function leave(run: Partial<RunRecord>): void {
  const spool = Spool.open({ file: spoolFile(stateDirectory), durability: 'full' });
  spool.commit({ run: aRun(run), frames: [], progress: [], retries: [], retriesGone: [], dead: [], limits: [] });
  spool.close();
}

const counted = { cursor: null, count: 7, digest: 'd' };

describe('a state directory', () => {
  it('without a run begins one at seq 1, and is locked', async () => {
    const opening = await open();
    expect(opening).toMatchObject({ status: 'open', isNew: true, run: { state: 'running', nextSeq: 1, stored: 0 } });
    await expect(open()).rejects.toMatchObject({ code: 'IN_USE', exitCode: 78 });
    opening.spool.close();
    (await open()).spool.close();
  });

  it.each(['running', 'sealed', 'finishing'] as const)('with a run that is %s goes on with it', async (state) => {
    leave({ run: 'left', state, nextSeq: 8, stored: 7, position: counted });
    const { spool, ...opening } = await open();
    expect(opening).toMatchObject({ status: 'open', isNew: false, run: { run: 'left', state, stored: 7 } });
    spool.close();
  });

  it('with a finished run leaves it as it is', async () => {
    leave({ run: 'left', state: 'finished', finishedAt: 5, exitCode: 3 });
    const { spool, ...opening } = await open();
    expect(opening).toMatchObject({ status: 'finished', run: { run: 'left', exitCode: 3 } });
    spool.close();
  });

  it('with a finished run begins another when it is told to, with seqs of its own', async () => {
    leave({ run: 'left', state: 'finished', nextSeq: 152, finishedAt: 5, exitCode: 0 });
    const { spool, ...opening } = await open({ again: true });
    expect(opening).toMatchObject({ status: 'open', isNew: true, run: { nextSeq: 152, state: 'running', stored: 0 } });
    expect(opening.run.run).not.toBe('left');
    spool.close();
  });

  it('with an open run does not begin another, even when it is told "again"', async () => {
    leave({ run: 'left', position: counted, stored: 7 });
    const { spool, run } = await open({ again: true });
    expect(run.run).toBe('left');
    spool.close();
  });
});

describe('a fresh start', () => {
  it('moves the old queue aside after it was confirmed, and deletes nothing', async () => {
    leave({ run: 'left', stored: 7 });
    const asked: string[] = [];
    const { spool, ...opening } = await open({ fresh: true, confirmFresh: async ({ run }) => void asked.push(run) });
    expect(asked).toEqual(['left']);
    expect(opening).toMatchObject({ status: 'open', isNew: true, run: { nextSeq: 1 } });
    expect(readdirSync(stateDirectory)).toContain('queue.until-2026-01-02T03-04-05-678Z.db');
    expect(events).toMatchObject([{ name: 'warning', event: { code: 'FRESH' } }]);
    spool.close();
  });

  it('that is not confirmed changes nothing and lets go of the lock', async () => {
    leave({ run: 'left' });
    const refusal = new Error('nothing was changed');
    await expect(open({ fresh: true, confirmFresh: () => Promise.reject(refusal) })).rejects.toBe(refusal);
    const { spool, run } = await open();
    expect(run.run).toBe('left');
    spool.close();
  });

  it('of nothing asks nobody', async () => {
    const { spool, ...opening } = await open({ fresh: true, confirmFresh: () => Promise.reject(new Error('asked')) });
    expect(opening).toMatchObject({ isNew: true });
    spool.close();
  });
});

describe('another version of the pipeline', () => {
  it('may not go on by counting, and the lock is let go of', async () => {
    leave({ position: counted });
    await expect(open({ fingerprint: 'version 2' })).rejects.toMatchObject({ code: 'PIPELINE_CHANGED', exitCode: 78 });
    (await open()).spool.close();
  });

  it('may go on from a cursor, with a warning, and the run is of that version from then on', async () => {
    leave({ position: { cursor: '{"page":3}', count: 2, digest: 'd' } });
    const { spool, run } = await open({ fingerprint: 'version 2' });
    expect(run.fingerprint).toBe('version 2');
    expect(events).toMatchObject([{ name: 'warning', event: { code: 'PIPELINE_CHANGED' } }]);
    spool.close();
  });

  it('may finish a run that needs no source any more', async () => {
    leave({ state: 'sealed', position: counted });
    const { spool, run } = await open({ fingerprint: 'version 2' });
    expect(run.state).toBe('sealed');
    spool.close();
  });
});
