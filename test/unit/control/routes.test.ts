import type { DeadLetter, DeadQuery } from '../../../src/core/dead-letters.ts';
import { describe, expect, it } from '@jest/globals';
import { backupJob } from '../../../src/control/backup-job.ts';
import { answer, type ControlSources } from '../../../src/control/routes.ts';
import type { Status } from '../../../src/observability/status.ts';
import { MillraceError } from '../../../src/core/errors.ts';
import { noLetters } from './no-letters.ts';
import { aConsumer, aProcess, aStatus } from '../observability/a-status.ts';

const letter: DeadLetter = {
  seq: 7,
  run: 'r',
  origin: 7,
  attempts: 5,
  kills: 0,
  reason: 'attempts used up',
  error: { code: 'E', message: 'm' },
  history: [],
  item: { id: 7 },
  diedAt: 0,
};

interface Asking extends Partial<ControlSources> {
  method?: string;
  sent?: unknown;
}

async function ask(target: string, { method = 'GET', sent, ...changes }: Asking = {}) {
  const backup = backupJob(() => Promise.resolve());
  const sources: ControlSources = {
    status: () => aStatus(),
    dead: () => [],
    reload: () => ({ status: 'begun', number: 1 }),
    letters: noLetters,
    backup,
    ...changes,
  };
  const { status, body, ...rest } = await answer({ method, target, body: sent }, sources);
  return { status, body: JSON.parse(body) as Record<string, unknown>, ...rest };
}

describe('the control API', () => {
  it('returns the status unchanged', async () => {
    expect(await ask('/api/status')).toEqual({ status: 200, body: aStatus() });
  });

  it('is healthy as long as it answers, even while it stops', async () => {
    expect(await ask('/healthz', { status: () => aStatus({ state: 'stopping' }) })).toEqual({
      status: 200,
      body: { healthy: true, state: 'stopping' },
    });
  });

  const producer = aProcess();
  const starting = aProcess({ state: 'starting' });
  const crashed = aConsumer(1, { state: 'backoff' });
  it.each<[string, Partial<Status>, number]>([
    ['all processes are ready', {}, 200],
    ['one consumer is ready', { processes: [producer, crashed, aConsumer(2)] }, 200],
    ['no consumer is ready', { processes: [producer, crashed] }, 503],
    ['the producer is not ready', { processes: [starting, aConsumer(1)] }, 503],
    ['the run is sealed, without a producer', { state: 'sealed', processes: [aConsumer(1)] }, 200],
    ['the run is sealed, without consumers', { state: 'sealed', processes: [producer] }, 503],
    ['it is finishing', { state: 'finishing' }, 200],
    ['it is starting', { state: 'starting' }, 503],
    ['it is stopping', { state: 'stopping' }, 503],
    ['it is paused', { state: 'paused' }, 503],
    ['it has finished', { state: 'finished' }, 503],
  ])('reports whether it is ready if %s', async (_, changes, expected) => {
    const state = changes.state ?? 'running';
    const { status, body } = await ask('/readyz', { status: () => aStatus({ ...changes, reasons: ['why'] }) });
    expect({ status, body }).toEqual({ status: expected, body: { ready: expected === 200, state, reasons: ['why'] } });
  });

  it('begins a reload on POST, or returns the reason for a refusal', async () => {
    const begun = () => ({ status: 'begun', number: 3 }) as const;
    const refused = () => ({ status: 'refused', reason: 'another reload is in progress' }) as const;
    expect(await ask('/api/reload', { method: 'POST', reload: begun })).toEqual({ status: 202, body: { number: 3 } });
    expect(await ask('/api/reload', { method: 'POST', reload: refused })).toEqual({
      status: 409,
      body: { error: 'another reload is in progress' },
    });
    const never = (): never => {
      throw new Error('looking is no acting');
    };
    expect(await ask('/api/reload', { reload: never })).toEqual({ status: 200, body: null });
  });

  it('returns dead letters, and the start of the next page', async () => {
    expect(await seqsOf('/api/dead')).toEqual({ seqs: [1, 2, 3, 4], next: null });
    expect(await seqsOf('/api/dead?limit=2&after=1')).toEqual({ seqs: [2, 3], next: 3 });
    expect(await seqsOf('/api/dead?after=3')).toEqual({ seqs: [4], next: null });
  });

  it.each([
    ['/api/dead?limit=0', 'limit'],
    ['/api/dead?limit=1001', 'limit'],
    ['/api/dead?limit=1.5', 'limit'],
    ['/api/dead?limit=x', 'limit'],
    ['/api/dead?after=-1', 'after'],
    ['/api/dead?before=1', 'limit and after'],
  ])('refuses %s with what it expected: %s', async (target, name) => {
    const { status, body } = await ask(target);
    expect(status).toBe(400);
    expect(body['error']).toContain(name);
  });

  it.each(['/', '/nothing', '/api/status/', '/api/..%2fhealthz', '/__proto__', '/constructor', '//', ''])(
    'does not know %j, and lists the paths that it knows',
    async (target) => {
      const { status, body } = await ask(target);
      expect({ status, body }).toEqual({
        status: 404,
        body: { error: expect.stringMatching(/^expected one of \/healthz, \/readyz, \/api\/status, \/api\/dead, /) },
      });
    },
  );

  it('answers HEAD and GET, and lists them in response to any other method', async () => {
    expect((await ask('/healthz', { method: 'HEAD' })).status).toBe(200);
    const refused = await ask('/api/dead', { method: 'DELETE' });
    expect(refused).toMatchObject({ status: 405, allow: 'GET, HEAD' });
    expect(await ask('/api/status', { method: 'POST' })).toMatchObject({ status: 405, allow: 'GET, HEAD' });
    expect(await ask('/api/store/backup', { method: 'PUT' })).toMatchObject({ status: 405, allow: 'GET, HEAD, POST' });
    expect((await ask('/nothing', { method: 'DELETE' })).status).toBe(404);
  });

  it('makes one backup at a time, and reports its progress', async () => {
    let progress: (pages: { done: number; of: number }) => void = () => undefined;
    let end: (error?: Error) => void = () => undefined;
    const backup = backupJob((_file, onProgress) => {
      progress = onProgress;
      return new Promise<void>((resolve, reject) => (end = (error) => (error ? reject(error) : resolve())));
    });
    const start = (file: string) => ask(`/api/store/backup?file=${file}`, { method: 'POST', backup });
    const look = async () => (await ask('/api/store/backup', { backup })).body;
    expect(await look()).toEqual({ state: 'none' });
    expect((await start('relative.db')).status).toBe(400);
    expect(await start('/a.db')).toEqual({ status: 202, body: { state: 'running', file: '/a.db', done: 0, of: 0 } });
    progress({ done: 3, of: 10 });
    expect(await look()).toEqual({ state: 'running', file: '/a.db', done: 3, of: 10 });
    expect(await start('/b.db')).toMatchObject({ status: 409, body: { error: 'another backup is being made' } });
    end();
    await Promise.resolve();
    expect(await look()).toEqual({ state: 'done', file: '/a.db' });
    await start('/b.db');
    end(new Error('no room'));
    await new Promise(setImmediate);
    expect(await look()).toEqual({ state: 'failed', file: '/b.db', error: 'no room' });
  });

  it('changes state only by POST, and reads only by GET or HEAD', async () => {
    for (const path of ['/api/dead/retry', '/api/dead/purge', '/api/dead/edit']) {
      expect(await ask(path)).toMatchObject({ status: 405, allow: 'POST' });
    }
    expect(await ask('/api/dead/list', { method: 'POST' })).toMatchObject({ status: 405, allow: 'GET, HEAD' });
  });

  it('returns a letter with an item in readable notation, or a 404', async () => {
    const letters = { ...noLetters, read: async (seq: number) => (seq === 7 ? { ...letter, item: 5n } : undefined) };
    const found = { status: 200, body: { ...letter, item: { $bigint: '5' } } };
    expect(await ask('/api/dead/letter?seq=7', { letters })).toEqual(found);
    expect(await ask('/api/dead/letter?seq=8', { letters })).toMatchObject({ status: 404 });
    expect(await ask('/api/dead/letter?seq=x', { letters })).toMatchObject({ status: 400 });
  });

  const post = { method: 'POST' };
  it.each<[string, unknown]>([
    ['/api/dead/retry', undefined],
    ['/api/dead/retry', { seqs: 5 }],
    ['/api/dead/purge', { seqs: [1, -2] }],
    ['/api/dead/purge', { seqs: Array.from({ length: 1001 }, (_, i) => i + 1) }],
    ['/api/dead/edit', { seq: 1 }],
    ['/api/dead/edit', { seq: '1', item: 2 }],
    ['/api/dead/edit', { seq: 1, item: { $date: 'today' } }],
  ])('refuses %s with body %j', async (path, sent) => {
    expect(await ask(path, { ...post, sent })).toMatchObject({ status: 400, body: { error: expect.any(String) } });
  });

  it('returns the reason for a refusal, and passes on internal errors', async () => {
    const refuse = (exitCode: 69 | 1): Partial<ControlSources> => ({
      letters: { ...noLetters, giveBack: () => Promise.reject(new MillraceError('X', 'after this run', { exitCode })) },
    });
    const sent = { seqs: [1] };
    const now = { status: 409, body: { error: 'after this run' } };
    expect(await ask('/api/dead/retry', { ...post, sent, ...refuse(69) })).toEqual(now);
    await expect(ask('/api/dead/retry', { ...post, sent, ...refuse(1) })).rejects.toThrow('after this run');
    expect(await ask('/api/dead/retry', { ...post, sent })).toEqual({ status: 200, body: { missing: [1] } });
  });

  it('refuses a path that is too long', async () => {
    expect((await ask(`/api/dead?after=${'0'.repeat(2000)}`)).status).toBe(414);
  });
});

async function fourLetters({ limit, after }: DeadQuery): Promise<DeadLetter[]> {
  const all = [1, 2, 3, 4].map((seq) => ({ ...letter, seq }));
  return all.filter(({ seq }) => seq > after).slice(0, limit);
}

async function seqsOf(target: string) {
  const { status, body } = await ask(target, { dead: fourLetters });
  expect(status).toBe(200);
  return { seqs: (body['letters'] as DeadLetter[]).map(({ seq }) => seq), next: body['next'] };
}
