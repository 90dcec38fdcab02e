import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { main } from '../../../src/cli/main.ts';
import type { ParamValues } from '../../../src/core/params.ts';
import { Queue } from '../../../src/queue/queue.ts';
import { Spool } from '../../../src/queue/spool/spool.ts';
import { frameOf, group } from '../../contract/store.ts';
import { aRun } from '../../support/a-queue.ts';
import { TestShell } from './a-shell.ts';

let cwd: string;
let directory: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-'));
  directory = join(cwd, '.millrace', 'days');
});
afterEach(() => rmSync(cwd, { recursive: true }));

const startedAt = Date.parse('2026-01-02T03:00:00Z');
const endedAt = Date.parse('2026-01-02T04:00:00Z');

/** A start of a supervisor that stores three items; it is left open. */
function started(params: ParamValues = {}): Spool {
  const spool = Spool.open({ file: join(directory, 'queue.db'), durability: 'full', startedAt });
  spool.claims.claim({ pipeline: 'days', file: '/days.ts', sinkKind: 'discard', sinkTarget: 'nowhere' });
  const queue = new Queue(spool.store, aRun({ run: 'monday', startedAt, params }), { windowBytes: 1_000_000 });
  queue.append(frameOf('a', 'b', 'c'), { cursor: null, count: 3, digest: null });
  queue.commit({ now: 0, wall: startedAt });
  return spool;
}

async function millrace(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const shell = new TestShell(cwd);
  const code = await main(args, shell);
  return { code, stdout: shell.stdout, stderr: shell.stderr };
}

async function asJson(): Promise<unknown> {
  return JSON.parse((await millrace('status', '--json')).stdout);
}

describe('the status of a stopped pipeline', () => {
  it('shows its queue, its run and how it was stopped, for people and as JSON; the exit code is 69', async () => {
    started().close({ at: endedAt, outcome: 'stopped', exitCode: 0 });
    const { code, stdout } = await millrace('status');
    expect(code).toBe(69);
    expect(stdout).toMatch(/^pipeline {2}days, not running: it was stopped 2026-01-02T04:00:00Z \(exit code 0\)\n/);
    expect(stdout).toContain('queue     3 queued, 0 retrying');
    expect(stdout).toContain('millrace run resumes');
    expect(await asJson()).toMatchObject({
      name: 'days',
      state: 'stopped',
      stateDirectory: directory,
      endedAt,
      exitCode: 0,
      run: { run: 'monday', state: 'running', startedAt, finishedAt: null },
      queue: { queued: 3, retrying: 0, bytes: expect.any(Number) },
      items: { stored: 3, done: 0, dead: 0 },
      deadLetters: 0,
    });
  });

  it.each([
    [
      'a supervisor that gave up',
      { at: endedAt, outcome: 'failed', exitCode: 69 },
      { state: 'failed', endedAt, exitCode: 69 },
    ],
    [
      'a supervisor whose stop was forced',
      { at: endedAt, outcome: 'stopped', exitCode: 75 },
      { state: 'stopped', exitCode: 75 },
    ],
    // Happens only with a queue of an older version, or after dead letters were given back.
    ['a supervisor whose run is open again', { at: endedAt, outcome: 'finished', exitCode: 3 }, { state: 'open' }],
  ] as const)('shows %s', async (_, end, expected) => {
    started().close(end);
    expect(await asJson()).toMatchObject(expected);
  });

  it('shows that the run has finished, and when', async () => {
    const spool = started();
    spool.store.commit(
      group({ run: aRun({ run: 'monday', state: 'finished', finishedAt: endedAt, exitCode: 3, nextSeq: 4 }) }),
    );
    spool.close({ at: endedAt, outcome: 'finished', exitCode: 3 });
    expect((await millrace('status')).stdout).toContain('the run finished 2026-01-02T04:00:00Z (exit code 3)');
  });

  it('shows the params of its run, and hides those with secret names', async () => {
    const spool = started({ shelf: 'A', most: 5, token: 'abc', iban: 'DE1' });
    spool.claims.noteRedacted(['iban']);
    spool.close({ at: endedAt, outcome: 'stopped', exitCode: 0 });
    const shown = 'params    shelf="A", most=5, token="[redacted]", iban="[redacted]"\n';
    expect((await millrace('status')).stdout).toContain(shown);
    const params = { shelf: 'A', most: 5, token: '[redacted]', iban: '[redacted]' };
    expect(await asJson()).toMatchObject({ params, run: { run: 'monday' } });
  });

  it('shows that the supervisor was killed, and changes neither its queue nor its log', async () => {
    started().abandon();
    const before = contents();
    expect([...before.keys()]).toContain('queue.db-wal');
    expect(await asJson()).toMatchObject({
      state: 'killed',
      endedAt: expect.any(Number),
      exitCode: null,
      queue: { queued: 3 },
    });
    expect((await millrace('status')).stdout).toContain('it was killed, or the machine went down');
    expect(contents()).toEqual(before);
  });

  it('is that of the last start that ran the pipeline, even if dead letters were changed or a start was refused since', async () => {
    started().close({ at: endedAt, outcome: 'stopped', exitCode: 75 });
    const file = join(directory, 'queue.db');
    Spool.open({ file, durability: 'full' }).close('unused');
    Spool.open({ file, durability: 'full', startedAt: endedAt + 1 }).close('unused');
    expect(await asJson()).toMatchObject({ state: 'stopped', endedAt, exitCode: 75 });
  });

  it('is not shown for another pipeline, or without a queue', async () => {
    expect(await millrace('status', 'days')).toMatchObject({
      code: 69,
      stdout: '',
      stderr: expect.stringContaining('no pipeline is running there'),
    });
    started().close();
    expect(await millrace('status', 'other', '--state', directory)).toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringContaining('belongs to the pipeline days'),
    });
  });

  it('shows that the queue is in use if a supervisor holds it and does not answer', async () => {
    const spool = started();
    const { code, stderr } = await millrace('status');
    spool.close();
    expect([code, stderr]).toEqual([69, expect.stringContaining('its queue is in use')]);
  });
});

function contents(): Map<string, Buffer> {
  return new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
}
