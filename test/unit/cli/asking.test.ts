import type { DeadLetter, DeadQuery } from '../../../src/core/dead-letters.ts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.ts';
import { copiedByRunning } from '../../../src/cli/store/copy.ts';
import { backupJob } from '../../../src/control/backup-job.ts';
import type { ControlSources } from '../../../src/control/routes.ts';
import { startControl, type Control } from '../../../src/control/server.ts';
import type { Status } from '../../../src/observability/status.ts';
import { aProcess, aStatus } from '../observability/a-status.ts';
import { noLetters } from '../control/no-letters.ts';
import { TestShell } from './a-shell.ts';

let backup: ControlSources['backup'];

let cwd: string;
let control: Control | undefined;

beforeEach(async () => {
  backup = backupJob(() => Promise.resolve());
  cwd = await mkdtemp(join(tmpdir(), 'asking-'));
  await mkdir(join(cwd, '.millrace', 'pokedex'), { recursive: true });
});

afterEach(async () => {
  await control?.close();
  control = undefined;
  await rm(cwd, { recursive: true });
});

const letters = Array.from({ length: 2500 }, (_, i): DeadLetter => {
  const seq = 10 + i;
  const error = { code: 'E', message: `no luck with ${seq}` };
  return {
    seq,
    run: 'r',
    origin: seq,
    attempts: 5,
    kills: 0,
    reason: 'attempts used up',
    error,
    history: [],
    item: { id: seq },
    diedAt: 0,
  };
});

function dead(query: DeadQuery): DeadLetter[] {
  return letters.filter(({ seq }) => seq > query.after).slice(0, query.limit);
}

/** The answer to a reload, and the states that `status` then reports, one per request. */
let reloads: { begin: ReturnType<ControlSources['reload']>; states: (Status['reload'] | undefined)[] };

async function running(changes: Partial<Status> = {}): Promise<void> {
  reloads = { begin: { status: 'refused', reason: 'not asked for' }, states: [] };
  const socketPath = join(cwd, '.millrace', 'pokedex', 'control.sock');
  control = await startControl({
    socketPath,
    status: () => aStatus({ ...changes, reload: reloads.states.shift() ?? null }),
    dead,
    backup,
    reload: () => reloads.begin,
    letters: noLetters,
    warn: () => {},
  });
}

async function millrace(text: string) {
  const shell = new TestShell(cwd);
  const code = await main(text.split(' '), shell);
  return { code, stdout: shell.stdout, stderr: shell.stderr };
}

describe('a copy of the queue of a running pipeline', () => {
  it.each([
    ['the supervisor has been started again', { state: 'none' }],
    ['another copy is being made', { state: 'running', file: '/another.db', done: 1, of: 9 }],
  ] as const)('is given up if nobody makes it any more: %s', async (_, state) => {
    backup = { start: () => true, state };
    await running();
    const directory = join(cwd, '.millrace', 'pokedex');
    const found = { directory, socketPath: join(directory, 'control.sock'), name: 'pokedex' };
    await expect(copiedByRunning(found, join(cwd, 'copy.db'), new TestShell(cwd))).rejects.toMatchObject({
      message: expect.stringContaining('it ended before the copy was complete; try again'),
      exitCode: 69,
    });
  });
});

describe('millrace reload', () => {
  const going = { number: 2, state: 'replacing', replaced: 1, of: 3, reason: null } as const;
  const begun = { status: 'begun', number: 2 } as const;

  it('waits until all consumers have the new code', async () => {
    await running();
    reloads = { begin: begun, states: [null, going, { ...going, state: 'done', replaced: 3 }] };
    expect(await millrace('reload')).toMatchObject({
      code: 0,
      stdout: 'reloaded: 3 of 3 consumers have the new code\n',
    });
  });

  it.each<[string, typeof reloads, number, string]>([
    [
      'the supervisor refuses it',
      { begin: { status: 'refused', reason: 'another reload is in progress' }, states: [] },
      69,
      'another reload is in progress',
    ],
    [
      'the new file is wrong',
      { begin: begun, states: [null, { ...going, replaced: 0, state: 'refused', reason: 'a.ts:3: bad' }] },
      78,
      'not reloaded: a.ts:3: bad\n',
    ],
    [
      'it ends halfway',
      { begin: begun, states: [null, { ...going, state: 'refused', reason: 'consumer 2 is not ready' }] },
      78,
      'not reloaded: consumer 2 is not ready (1 of 3 consumers has the new code)',
    ],
    ['another reload has replaced it', { begin: begun, states: [null, { ...going, number: 3 }] }, 69, 'another reload'],
  ])('shows why it did not reload if %s', async (_, course, code, message) => {
    await running();
    reloads = course;
    expect(await millrace('reload')).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
  });
});

describe('millrace status', () => {
  it('shows the running pipeline, for people or as JSON', async () => {
    await running();
    expect(await millrace('status')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^pipeline  pokedex, running/),
    });
    const { stdout } = await millrace('status pokedex --json');
    expect(JSON.parse(stdout)).toEqual(aStatus());
  });

  it('shows that nothing is running, or another pipeline', async () => {
    expect(await millrace('status')).toMatchObject({
      code: 69,
      stdout: '',
      stderr: expect.stringContaining('no pipeline is running there'),
    });
    await running({ name: 'other' });
    expect(await millrace('status pokedex')).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('expected pipeline pokedex on'),
    });
  });

  it('serves as a probe for health checks', async () => {
    expect(await millrace('status --healthy')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('no pipeline'),
    });
    await running({ processes: [aProcess()] });
    expect(await millrace('status --healthy')).toEqual({
      code: 0,
      stdout: '{"healthy":true,"state":"running"}\n',
      stderr: '',
    });
    expect(await millrace('status --ready')).toEqual({
      code: 1,
      stdout: '',
      stderr: '{"ready":false,"state":"running","reasons":[]}\n',
    });
  });
});

describe('millrace dead ls', () => {
  it('asks the running pipeline page by page, and shows if there are more letters', async () => {
    await running();
    const { code, stdout } = await millrace('dead ls --limit 2100');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '10  1970-01-01T00:00:00.000Z  5 attempts, attempts used up',
      '    E: no luck with 10',
      '    {"id":10}',
    ]);
    expect(stdout.endsWith('more than these 2,100 exist; raise --limit to see them\n')).toBe(true);
    expect(stdout.match(/no luck with/g)).toHaveLength(2100);
  });

  it('writes JSON, one line per letter', async () => {
    await running();
    const { stdout } = await millrace('dead ls pokedex --json --limit 5000');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(letters);
  });

  it.each(['0', '-1', '1.5', 'x', '1e3'])('refuses --limit %s', async (limit) => {
    expect(await millrace(`dead ls --limit ${limit}`)).toMatchObject({
      code: 64,
      stderr: `millrace: --limit: expected a whole number from 1, got "${limit}"\n`,
    });
  });
});
