import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { Redaction } from '../../../src/core/redaction.ts';
import { EventBus, type Who } from '../../../src/observability/events.ts';
import { createLog, type LogOptions } from '../../../src/observability/log.ts';
import type { LogLine } from '../../../src/observability/log-lines.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { readAll } from '../../support/read-all.ts';

const who: Who = { role: 'consumer', ordinal: 1, pid: 42 };

function aLog(options: Partial<LogOptions> = {}) {
  const clock = new HandClock();
  const stream = new PassThrough();
  const log = createLog({
    level: 'info',
    format: 'auto',
    stream,
    isTerminal: false,
    color: false,
    redaction: new Redaction(),
    clock,
    ...options,
  });
  const bus = new EventBus();
  const unsubscribe = log.subscribe(bus);
  const lines = async (): Promise<Record<string, unknown>[]> => {
    await log.close();
    return readAll(stream)
      .split('\n')
      .slice(0, -1)
      .map((text) => JSON.parse(text) as Record<string, unknown>);
  };
  return { clock, stream, log, bus, unsubscribe, lines };
}

function line(message: string): LogLine {
  return { level: 'info', event: 'test', message, fields: {} };
}

describe('the log', () => {
  it('keeps the order of lines written before, during and after the loading of winston', async () => {
    const { log, clock, lines } = aLog();
    log.write(line('1'));
    clock.turn(5);
    log.write(line('2'));
    await import('../../../src/observability/winston.ts');
    log.write(line('3'));
    await new Promise((resolve) => setImmediate(resolve));
    log.write(line('4'));
    const written = await lines();
    expect(written.map(({ message }) => message)).toEqual(['1', '2', '3', '4']);
    expect(written.map(({ time }) => time)).toEqual([
      '2026-01-02T03:04:05.678Z',
      ...Array.from({ length: 3 }, () => '2026-01-02T03:04:05.683Z'),
    ]);
  });

  it('has a line for every event at or above its level, and names the supervisor unless the event is about another process', async () => {
    const { bus, lines } = aLog();
    bus.emit('run.sealed', { run: 'r', items: 3 });
    bus.emit('child.started', { who, writer: 7 });
    bus.emit('child.state', { who, from: 'ready', to: 'draining' });
    expect(await lines()).toMatchObject([
      { level: 'info', role: 'supervisor', ordinal: 0, pid: process.pid, event: 'run.sealed', items: 3 },
      { level: 'info', role: 'consumer', ordinal: 1, pid: 42, event: 'child.started', writer: 7 },
    ]);
  });

  it('ignores lines below its level', async () => {
    const { log, clock, lines } = aLog();
    log.write({ ...line('quiet'), level: 'debug', repeats: 'quiet' });
    expect(clock.waiting).toBe(0);
    expect(await lines()).toEqual([]);
  });

  it('ignores a bus after it has unsubscribed', async () => {
    const { bus, unsubscribe, lines } = aLog();
    unsubscribe();
    bus.emit('run.sealed', { run: 'r', items: 3 });
    expect(await lines()).toEqual([]);
  });

  it('writes the lines that it held back when it is closed, and nothing after that', async () => {
    const { bus, clock, lines, log } = aLog();
    const error = { code: 'E', message: 'm' };
    for (let seq = 1; seq <= 12; seq++) bus.emit('item.dead', { seq, attempts: 5, reason: 'r', error });
    const closed = log.close();
    log.write(line('late'));
    await Promise.all([closed, log.close()]);
    const written = await lines();
    expect(written).toHaveLength(11);
    expect(written.at(-1)).toMatchObject({ seq: 12, repeated: 2 });
    expect(clock.waiting).toBe(0);
  });

  it('ends with the line for the end of the run', async () => {
    const { bus, lines } = aLog();
    const error = { code: 'E', message: 'm' };
    for (let seq = 1; seq <= 12; seq++) bus.emit('item.dead', { seq, attempts: 5, reason: 'r', error });
    bus.emit('run.finished', { run: 'r', items: 12, done: 0, dead: 12, seconds: 1, exitCode: 3 });
    expect((await lines()).slice(-2)).toMatchObject([{ event: 'item.dead', repeated: 2 }, { event: 'run.finished' }]);
  });

  it.each([
    ['at level debug', { level: 'debug' }, true],
    ['on request', { stacks: true }, true],
    ['at level info', {}, false],
  ] as const)('has the stacks of errors %s: with %j, %j', async (_, options, hasStack) => {
    const { bus, lines } = aLog(options);
    const error = { code: 'E', message: 'm', stack: 'Error: m\n    at /p.ts:1:2' };
    bus.emit('item.dead', { seq: 1, attempts: 5, reason: 'r', error });
    const [written] = await lines();
    expect(written?.['stack']).toBe(hasStack ? error.stack : undefined);
  });

  it('reports on the bus how many lines it had to drop', async () => {
    const { log, bus, stream } = aLog();
    const dropped: number[] = [];
    bus.subscribe((name, event) => name === 'log.dropped' && dropped.push((event as { lines: number }).lines));
    for (let i = 0; i < 50; i++) log.write(line('x'.repeat(60_000)));
    await import('../../../src/observability/winston.ts');
    await new Promise((resolve) => setImmediate(resolve));
    stream.resume();
    await log.output.flush();
    expect(dropped).toEqual([expect.any(Number)]);
    await log.close();
  });

  it.each([
    ['auto', true, false],
    ['auto', false, true],
    ['pretty', false, false],
    ['json', true, true],
  ] as const)('writes format %s on terminal %j as JSON: %j', async (format, isTerminal, isJson) => {
    const { log, stream } = aLog({ format, isTerminal });
    log.write(line('hello'));
    await log.close();
    expect(readAll(stream).startsWith('{')).toBe(isJson);
  });
});
