import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { Redaction } from '../../../src/core/redaction.ts';
import { createLog } from '../../../src/observability/log.ts';
import { startProgress } from '../../../src/observability/progress.ts';
import { onSuddenEnd } from '../../../src/observability/sudden-end.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { readAll } from '../../support/read-all.ts';
import { aStatus } from './a-status.ts';
import { Terminal } from './a-terminal.ts';

const redaction = new Redaction();

function start<S extends Terminal | PassThrough>(stream: S, mode: 'auto' | 'on' | 'off' = 'auto') {
  const clock = new HandClock();
  const isTerminal = stream instanceof Terminal;
  const log = createLog({ level: 'info', format: 'auto', stream, isTerminal, color: false, redaction, clock });
  let done = 0;
  const status = () => aStatus({ items: { ...aStatus().items, done: done++ } });
  const progress = startProgress({
    mode,
    log,
    status,
    canRedraw: isTerminal,
    columns: () => 40,
    color: false,
    clock,
  });
  return { clock, log, progress, stream };
}

describe('progress', () => {
  it('is redrawn in place four times a second on a terminal, and clears the screen at the end', () => {
    const before = listeners();
    const { clock, progress, stream } = start(new Terminal());
    expect(stream.screen[0]).toBe('pokedex  0 done  10/s');
    clock.turn(1000);
    expect(stream.screen[0]).toBe('pokedex  4 done  10/s');
    expect(stream.screen.every((line) => line.length < 40)).toBe(true);
    progress.stop();
    progress.stop();
    expect(stream.screen).toEqual(['']);
    expect(listeners()).toEqual(before);
    expect(stream.isCursorShown).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  it('is a line in the log every ten seconds if there is no terminal', async () => {
    const { clock, progress, log, stream } = start(new PassThrough());
    clock.turn(29_000);
    progress.stop();
    clock.turn(20_000);
    await log.close();
    const lines = readAll(stream).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { event: 'status', done: 0 },
      { event: 'status', done: 1 },
    ]);
  });

  it('omits repeated lines, except for one every ten minutes', async () => {
    const clock = new HandClock();
    const stream = new PassThrough();
    const log = createLog({ level: 'info', format: 'json', stream, isTerminal: false, color: false, redaction, clock });
    let perSecond = 1;
    const status = () =>
      aStatus({
        items: { ...aStatus().items, perSecond: perSecond++ },
        reasons: [`limit "v" is frozen for ${perSecond}s`],
      });
    const progress = startProgress({
      mode: 'on',
      log,
      status,
      canRedraw: false,
      columns: () => 40,
      color: false,
      clock,
    });
    clock.turn(600_000);
    progress.stop();
    await log.close();
    expect(readAll(stream).trim().split('\n')).toHaveLength(1);
    clock.turn(1);
    const again = createLog({
      level: 'info',
      format: 'json',
      stream,
      isTerminal: false,
      color: false,
      redaction,
      clock,
    });
    const longer = startProgress({
      mode: 'on',
      log: again,
      status,
      canRedraw: false,
      columns: () => 40,
      color: false,
      clock,
    });
    clock.turn(620_000);
    longer.stop();
    await again.close();
    expect(readAll(stream).trim().split('\n')).toHaveLength(2);
  });

  it.each([new Terminal(), new PassThrough()])('writes nothing if it is off (%#)', async (stream) => {
    const { clock, progress, log } = start(stream, 'off');
    clock.turn(60_000);
    progress.stop();
    await log.close();
    expect(stream instanceof Terminal ? stream.writes : stream.read()).toEqual(stream instanceof Terminal ? [] : null);
  });
});

describe('the watch for a sudden end', () => {
  it('restores the terminal', () => {
    let restored = 0;
    const callOff = onSuddenEnd(() => restored++);
    process.listeners('exit').at(-1)?.(0);
    expect(restored).toBe(1);
    callOff();
  });

  it('leaves a signal to a program that handles it', () => {
    let restored = 0;
    process.on('SIGTERM', somebodyElse);
    const callOff = onSuddenEnd(() => restored++);
    process.emit('SIGTERM', 'SIGTERM');
    expect(restored).toBe(0);
    callOff();
    process.off('SIGTERM', somebodyElse);
  });

  it('removes its listeners when it is called off', () => {
    const before = listeners();
    const callOff = onSuddenEnd(() => {});
    expect(listeners()).toEqual(before.map((many) => many + 1));
    callOff();
    expect(listeners()).toEqual(before);
  });
});

function listeners(): number[] {
  return ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'].map((name) => process.listenerCount(name));
}

function somebodyElse(): void {}
