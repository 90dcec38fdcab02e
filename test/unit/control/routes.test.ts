import { describe, expect, it } from '@jest/globals';
import { backupJob } from '../../../src/control/backup-job.ts';
import { answer, type ControlSources } from '../../../src/control/routes.ts';
import type { DeadLetter, DeadQuery, Status } from '../../../src/observability/status.ts';
import { aConsumer, aProcess, aStatus } from '../observability/a-status.ts';

const letter: DeadLetter = {
  seq: 7,
  run: 'r',
  origin: 7,
  attempts: 5,
  reason: 'attempts used up',
  error: { code: 'E', message: 'm' },
  item: { id: 7 },
  diedAt: 0,
};

async function ask(target: string, { method = 'GET', ...changes }: Partial<ControlSources> & { method?: string } = {}) {
  const backup = backupJob(() => Promise.resolve());
  const sources: ControlSources = {
    status: () => aStatus(),
    dead: () => [],
    reload: () => ({ status: 'begun', number: 1 }),
    backup,
    ...changes,
  };
  const { status, body, ...rest } = await answer(method, target, sources);
  return { status, body: JSON.parse(body) as Record<string, unknown>, ...rest };
}

describe('the control API', () => {
  it('gives the status as it is', async () => {
    expect(await ask('/api/status')).toEqual({ status: 200, body: aStatus() });
  });

  it('is healthy as long as it answers, draining or not', async () => {
    expect(await ask('/healthz', { status: () => aStatus({ state: 'stopping' }) })).toEqual({
      status: 200,
      body: { healthy: true, state: 'stopping' },
    });
  });

  const producer = aProcess();
  const starting = aProcess({ state: 'starting' });
  const crashed = aConsumer(1, { state: 'backoff' });
  it.each<[string, Partial<Status>, number]>([
    ['all are', {}, 200],
    ['one consumer is', { processes: [producer, crashed, aConsumer(2)] }, 200],
    ['no consumer is', { processes: [producer, crashed] }, 503],
    ['the producer is not', { processes: [starting, aConsumer(1)] }, 503],
    ['the run is sealed, without a producer', { state: 'sealed', processes: [aConsumer(1)] }, 200],
    ['the run is sealed, without consumers', { state: 'sealed', processes: [producer] }, 503],
    ['it is finishing', { state: 'finishing' }, 200],
    ['it is starting', { state: 'starting' }, 503],
    ['it is stopping', { state: 'stopping' }, 503],
    ['it is paused', { state: 'paused' }, 503],
    ['it has finished', { state: 'finished' }, 503],
  ])('when %s ready, says so', async (_, changes, expected) => {
    const state = changes.state ?? 'running';
    const { status, body } = await ask('/readyz', { status: () => aStatus({ ...changes, reasons: ['why'] }) });
    expect({ status, body }).toEqual({ status: expected, body: { ready: expected === 200, state, reasons: ['why'] } });
  });

  it('begins a reload when it is asked to by POST, or says why it does not', async () => {
    const begun = () => ({ status: 'begun', number: 3 }) as const;
    const refused = () => ({ status: 'refused', reason: 'a reload is under way' }) as const;
    expect(await ask('/api/reload', { method: 'POST', reload: begun })).toEqual({ status: 202, body: { number: 3 } });
    expect(await ask('/api/reload', { method: 'POST', reload: refused })).toEqual({
      status: 409,
      body: { error: 'a reload is under way' },
    });
    const never = (): never => {
      throw new Error('looking is no acting');
    };
    expect(await ask('/api/reload', { reload: never })).toEqual({ status: 200, body: null });
  });

  it('gives dead letters, and where to go on', async () => {
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
  ])('refuses %s with what it expected', async (target, name) => {
    const { status, body } = await ask(target);
    expect(status).toBe(400);
    expect(body['error']).toContain(name);
  });

  it.each(['/', '/nothing', '/api/status/', '/api/..%2fhealthz', '/__proto__', '/constructor', '//', ''])(
    'does not know %j, and says what it knows',
    async (target) => {
      const { status, body } = await ask(target);
      expect({ status, body }).toEqual({
        status: 404,
        body: { error: 'expected one of /healthz, /readyz, /api/status, /api/dead, /api/reload, /api/store/backup' },
      });
    },
  );

  it('answers HEAD and GET, and names them to who asks otherwise', async () => {
    expect((await ask('/healthz', { method: 'HEAD' })).status).toBe(200);
    const refused = await ask('/api/dead', { method: 'DELETE' });
    expect(refused).toMatchObject({ status: 405, allow: 'GET, HEAD' });
    expect(await ask('/api/status', { method: 'POST' })).toMatchObject({ status: 405, allow: 'GET, HEAD' });
    expect(await ask('/api/store/backup', { method: 'PUT' })).toMatchObject({ status: 405, allow: 'GET, HEAD, POST' });
    expect((await ask('/nothing', { method: 'DELETE' })).status).toBe(404);
  });

  it('has one backup made at a time, and says how it gets on', async () => {
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
