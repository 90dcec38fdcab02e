import { describe, expect, it } from '@jest/globals';
import { statusText } from '../../../src/cli/status-text.ts';
import { aConsumer, aProcess, aStatus } from '../observability/a-status.ts';

describe('the status for people', () => {
  it('shows processes, queue, limits and reasons', () => {
    const status = aStatus({
      params: { shelf: 'A', most: 5 },
      processes: [
        aProcess({ since: 8000, waiting: 'room in the queue' }),
        aConsumer(1, { since: 7400 }),
        aConsumer(2, {
          state: 'backoff',
          who: { role: 'consumer', ordinal: 2, pid: undefined },
          restarts: 2,
          lastExit: 'killed by SIGKILL',
        }),
      ],
      limits: [
        {
          name: 'vendor',
          held: 10,
          lingering: 0,
          concurrency: 10,
          rate: null,
          waiting: 14,
          frozenMs: 0,
          granted: 1096,
        },
        {
          name: 'other',
          held: 0,
          lingering: 0,
          concurrency: null,
          rate: '100/s',
          waiting: 0,
          frozenMs: 12_000,
          granted: 0,
        },
      ],
      waitingErrors: [
        { items: 1200, code: 'TypeError', message: 'fetch failed: refused', at: '/p.ts:7:9', nextInMs: 3200 },
        { items: 2, code: 'E', message: 'no\u001b[2J', at: null, nextInMs: null },
      ],
      turns: [{ sink: 'sqlite:/srv/out.db', held: 1, waiting: 3, granted: 1204 }],
      reasons: ['limit "other" is frozen for 12s', 'b\u001b[2J'],
    });
    expect(statusText(status).split('\n')).toEqual([
      'pipeline  pokedex, running, up 8s',
      'run       7f3a, pid 100, durability full',
      'params    shelf="A", most=5',
      'state     /srv/.millrace/pokedex',
      'items     82 done, 0 dead, 151 stored, 10/s',
      'queue     45 queued, 24 lent, 0 retrying, 8.8KiB',
      'traffic   1 frame in, 9 deliveries out, 12 items each',
      'sink      sqlite:/srv/out.db, one writer at a time: one writing, 3 waiting, 1,204 turns so far',
      'throttle  off, at 100,000 items, 256MiB',
      '',
      'process     pid  state    for  lent  started  oldest  memory  busy  restarts',
      'producer    101  ready     8s     0        -       -   48MiB   25%         0  waits: room in the queue',
      'consumer 1  102  ready     7s    12       12    80ms   48MiB   25%         0',
      'consumer 2    -  backoff  0ms    12       12       -       -     -         2  last exit: killed by SIGKILL',
      '',
      'limit   held  of   rate  waiting  granted  frozen for',
      'vendor    10  10      -       14    1,096           -',
      'other      0   -  100/s        0        0         12s',
      '',
      'retries  next in  latest error',
      '  1,200  4s       TypeError: fetch failed: refused (at /p.ts:7:9)',
      '      2  later    E: no\\e[2J',
      '',
      'waiting',
      '  limit "other" is frozen for 12s',
      '  b\\e[2J',
      '',
    ]);
  });

  it('explains a state, and shows no exit of a process that ended as asked', () => {
    const producer = aProcess({ state: 'stopped', lastExit: 'ended' });
    const traffic = { frames: 1, deliveries: 2, delivered: 2 };
    const [first, ...lines] = statusText(aStatus({ state: 'sealed', processes: [producer], traffic })).split('\n');
    expect(first).toBe('pipeline  pokedex, sealed (source ended), up 8s');
    expect(lines).toContain('traffic   1 frame in, 2 deliveries out, 1 item each');
    expect(lines.join('\n')).not.toContain('last exit');
  });

  it('omits parts that do not exist', () => {
    const text = statusText(aStatus());
    expect(text).not.toContain('limit');
    expect(text).not.toContain('waiting');
  });
});
