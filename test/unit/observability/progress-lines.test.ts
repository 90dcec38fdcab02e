import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { columnsOf } from '../../../src/observability/columns.ts';
import { renderProgress } from '../../../src/observability/progress-lines.ts';
import type { Status } from '../../../src/observability/status.ts';
import { aConsumer, aProcess, aStatus } from './a-status.ts';

const limit = {
  name: 'vendor',
  held: 10,
  lingering: 0,
  concurrency: 10,
  rate: null,
  waiting: 14,
  frozenMs: 0,
  granted: 96,
};

function lines(changes: Partial<Status> = {}, width = 80): string[] {
  return renderProgress(aStatus(changes), width, false);
}

describe('the progress display', () => {
  it('shows how many items are done and how fast, the queue, and each process', () => {
    expect(lines()).toEqual([
      'pokedex  82 done  10/s',
      'queue        45 queued  24 lent  0 retrying  0 dead',
      'producer     ready',
      'consumer 1   ready  12 lent  12 started',
      'consumer 2   ready  12 lent  12 started',
    ]);
  });

  it('shows a bar, a percentage and the time left once the total is known', () => {
    expect(lines({ state: 'sealed' })[0]).toBe('pokedex  ██████████░░░░░░░░░░  54%  82 of 151 done  10/s  7s left');
  });

  it.each([
    ['a run without items', { stored: 0, done: 0, dead: 0 }, '████████████████████ 100%  0 of 0 done'],
    [
      'dead letters, which count as settled',
      { stored: 100, done: 70, dead: 30 },
      '████████████████████ 100%  70 of 100 done',
    ],
    [
      'a rounded share, with 100 % only after all items are settled',
      { stored: 1000, done: 999, dead: 0 },
      '███████████████████░  99%  999 of 1,000 done',
    ],
  ])('handles %s', (_, items, shown) => {
    const line = lines({ state: 'sealed', items: { ...aStatus().items, ...items, perSecond: 0 } })[0];
    expect(line).toBe(`pokedex  ${shown}  0/s`);
  });

  it.each([
    [60 * 69, '69min left'],
    [100_000, '27.8h left'],
    [0.2, '1s left'],
  ])('shows %d seconds as %s', (seconds, shown) => {
    const [line] = lines({ state: 'sealed', items: { ...aStatus().items, perSecond: 69 / seconds } });
    expect(line?.endsWith(`  ${shown}`)).toBe(true);
  });

  it.each(['starting', 'stopping', 'finishing'] as const)('shows that the run is %s', (state) => {
    expect(lines({ state })[0]).toContain(`  ${state}`);
  });

  it('shows once that the run is stopping, what is still running and until when', () => {
    const stop = { reason: 'SIGTERM', running: 8, abortInMs: 14_800, killInMs: 19_800 };
    const reasons = ['stopping: 8 items still running', '3 calls wait for limit "vendor"'];
    const shown = lines({ state: 'stopping', stop, reasons });
    expect(shown[2]).toBe('stopping     8 items still running, aborted in 15s, killed in 20s');
    expect(shown.at(-1)).toBe('waiting      3 calls wait for limit "vendor"');
    expect(shown.join('\n').match(/8 items/g)).toHaveLength(1);
  });

  it('shows the error of the items that wait for a retry, their number, and the time of the next attempt', () => {
    const error = { items: 9, code: 'E', message: 'vendor\nis down', at: '/p.ts:7:9', nextInMs: 4000 };
    const queue = { ...aStatus().queue, retrying: 12, nextRetryInMs: 3200 };
    const reasons = ['12 items wait for a retry, the next in 4s: E: vendor is down'];
    const shown = lines({ queue, reasons, waitingErrors: [error, { ...error, items: 3 }] });
    expect(shown[2]).toBe('retries      9 of 12, next in 4s  E: vendor is down (at /p.ts:7:9)');
    expect(shown.join('\n')).not.toContain('waiting  ');
  });

  it('shows that the producer is throttled', () => {
    const queue = { ...aStatus().queue, queued: 100_000, retrying: 3, throttled: true };
    const items = { ...aStatus().items, dead: 2 };
    expect(lines({ queue, items }, 30)[1]).toBe('queue        throttled  100,0…');
    expect(lines({ queue, items })[1]).toBe('queue        throttled  100,000 queued  24 lent  3 retrying  2 dead');
  });

  it('shows how much of each limit is used, and for how long it is frozen', () => {
    const limits = [
      limit,
      {
        ...limit,
        name: 'other',
        concurrency: null,
        held: 2,
        lingering: 0,
        waiting: 0,
        rate: '100/s',
        frozenMs: 12_400,
      },
    ];
    expect(lines({ limits })[2]).toBe('limits       vendor 10/10, 14 waiting  other 2 held 100/s, frozen for 12.4s');
  });

  it.each([
    [aConsumer(1, { oldestMs: 4200 }), 'consumer 1   ready  12 lent  12 started  oldest 4.2s'],
    [aConsumer(1, { beatAgeMs: 9000 }), 'consumer 1   ready  12 lent  12 started  silent for 9s'],
    [aConsumer(1, { beatAgeMs: null }), 'consumer 1   ready  12 lent  12 started'],
    [aConsumer(1, { waiting: 'the sink' }), 'consumer 1   ready  12 lent  12 started  waits: the sink'],
    [
      aConsumer(1, { state: 'backoff', restarts: 2, lastExit: 'killed by SIGKILL' }),
      'consumer 1   backoff  2 restarts  last: killed by SIGKILL',
    ],
    [aProcess({ waiting: 'room in the queue' }), 'producer     ready  waits: room in the queue'],
    [aProcess({ state: 'stopped' }), 'producer     stopped'],
  ])('shows the state of a process: case %#', (process, shown) => {
    expect(lines({ processes: [process] }).at(-1)).toBe(shown);
  });

  it('shows the number of restarts', () => {
    expect(lines({ processes: [aConsumer(1, { restarts: 1 }), aConsumer(2, { restarts: 2 })] })[0]).toContain(
      '3 restarts',
    );
  });

  it('shows why nothing is moving', () => {
    expect(lines({ reasons: ['the limit vendor is frozen', 'b', 'c', 'd'] }).slice(-2)).toEqual([
      'waiting      the limit vendor is frozen',
      'waiting      b (and 2 more)',
    ]);
  });

  it('puts many consumers into one line, and names those in trouble as long as there are lines left', () => {
    const consumers = Array.from({ length: 24 }, (_, i) => aConsumer(i + 1, i < 22 ? {} : { state: 'backoff' }));
    expect(lines({ processes: [aProcess(), ...consumers], limits: [limit], reasons: ['why'] })).toEqual([
      'pokedex  82 done  10/s',
      'queue        45 queued  24 lent  0 retrying  0 dead',
      'limits       vendor 10/10, 14 waiting',
      'producer     ready',
      'consumers    22 ready, 2 backoff  288 lent  288 started',
      'consumer 23  backoff',
      'consumer 24  backoff',
      'waiting      why',
    ]);
  });

  it('fits a narrow terminal', () => {
    expect(lines({}, 20)).toEqual([
      'pokedex  82 done  1…',
      'queue        45 que…',
      'producer     ready',
      'consumer 1   ready …',
      'consumer 2   ready …',
    ]);
  });

  it('ends a cut line with one …, even if a wide character does not fit', () => {
    const limits = [{ ...limit, name: '名前名前', frozenMs: 1000 }];
    expect(renderProgress(aStatus({ limits }), 19, false)[2]).toBe('limits       名前…');
  });

  it('does not let a name or a reason control the terminal', () => {
    const text = renderProgress(
      aStatus({ limits: [{ ...limit, name: 'a\u001b[2J' }], reasons: ['b\nc'] }),
      80,
      false,
    ).join('');
    expect(text).toMatch(/^\P{Cc}*$/u);
  });

  it('shows the same text with colour', () => {
    const status = aStatus({ limits: [limit], reasons: ['why'], state: 'sealed' });
    const colored = renderProgress(status, 60, true);
    expect(colored.map(columnsOf)).toEqual(renderProgress(status, 60, false).map((line) => line.length));
    expect(colored.join('')).toContain('\u001b[');
  });

  it('never exceeds 8 lines of 80 columns', () => {
    const states = fc.constantFrom('starting', 'ready', 'draining', 'backoff', 'parked', 'stopped' as const);
    fc.assert(
      fc.property(
        fc.array(states, { maxLength: 30 }),
        fc.array(fc.string({ unit: 'grapheme', maxLength: 120 }), { maxLength: 6 }),
        fc.nat(200),
        fc.boolean(),
        (consumers, texts, width, isColored) => {
          const status = aStatus({
            processes: [
              aProcess(),
              ...consumers.map((state, i) => aConsumer(i + 1, { state, lastExit: texts[0] ?? null })),
            ],
            limits: texts.map((name) => ({ ...limit, name })),
            reasons: texts,
          });
          const shown = renderProgress(status, width, isColored);
          expect(shown.length).toBeLessThanOrEqual(8);
          for (const line of shown) expect(columnsOf(line)).toBeLessThanOrEqual(Math.min(width, 80));
        },
      ),
    );
  });
});
