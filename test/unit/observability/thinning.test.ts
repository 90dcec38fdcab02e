import { describe, expect, it } from '@jest/globals';
import type { LogLine } from '../../../src/observability/log-lines.ts';
import { createThinning } from '../../../src/observability/thinning.ts';
import { HandClock } from '../../support/hand-clock.ts';

function thin() {
  const clock = new HandClock();
  const written: string[] = [];
  const thinning = createThinning(clock, ({ message, fields }) => {
    written.push([message, ...Object.values(fields as Record<string, number>)].join(' '));
  });
  const write = (seq: number, repeats?: string): void => {
    const line: LogLine = { level: 'warn', event: 'item.dead', message: 'dead', fields: { seq } };
    thinning.write({ ...line, ...(repeats !== undefined && { repeats }) });
  };
  return { clock, written, write, end: () => thinning.end() };
}

describe('repeated lines', () => {
  it('pass if they do not repeat', () => {
    const { written, write } = thin();
    for (let seq = 1; seq <= 30; seq++) write(seq);
    expect(written).toHaveLength(30);
  });

  it('pass ten times, and then one line a second stands for the others', () => {
    const { clock, written, write } = thin();
    for (let seq = 1; seq <= 500; seq++) write(seq, 'dead');
    expect(written).toHaveLength(10);
    clock.turn(1000);
    write(501, 'dead');
    write(502, 'dead');
    clock.turn(1000);
    write(503, 'dead');
    clock.turn(1000);
    expect(written.slice(10)).toEqual([
      'dead (last of 490 similar lines) 500 490',
      'dead (last of 2 similar lines) 502 2',
      'dead 503',
    ]);
  });

  it('pass again after a quiet second', () => {
    const { clock, written, write } = thin();
    for (let seq = 1; seq <= 11; seq++) write(seq, 'dead');
    clock.turn(2000);
    expect(clock.waiting).toBe(0);
    write(12, 'dead');
    expect(written.at(-1)).toBe('dead 12');
  });

  it('about different things are thinned separately', () => {
    const { written, write } = thin();
    for (let seq = 1; seq <= 11; seq++) write(seq, 'one');
    write(12, 'other');
    expect(written.at(-1)).toBe('dead 12');
  });

  it('are all counted at the end', () => {
    const { clock, written, write, end } = thin();
    for (let seq = 1; seq <= 15; seq++) write(seq, 'dead');
    end();
    expect(written.at(-1)).toBe('dead (last of 5 similar lines) 15 5');
    expect(clock.waiting).toBe(0);
  });

  describe('of errors', () => {
    const failed = (n: number, kind = 'down'): LogLine => ({
      level: 'warn',
      event: 'item.retry',
      message: 'failed',
      fields: { n },
      repeats: kind,
      pace: 'kind',
    });
    const world = () => {
      const clock = new HandClock();
      const written: LogLine[] = [];
      const thinning = createThinning(clock, (each) => written.push(each));
      return { clock, thinning, logged: () => written.splice(0).filter(({ level }) => level !== 'debug'), written };
    };

    it('pass at once if they are the first of their kind, and then once a minute with a count', () => {
      const { clock, thinning, logged } = world();
      for (let n = 1; n <= 500; n++) thinning.write(failed(n));
      thinning.write(failed(1, 'bad'));
      expect(logged().map(({ fields }) => fields)).toEqual([{ n: 1 }, { n: 1 }]);
      clock.turn(59_999);
      expect(logged()).toEqual([]);
      clock.turn(1);
      expect(logged()).toMatchObject([{ fields: { n: 500, repeated: 499 } }]);
      clock.turn(120_000);
      expect(clock.waiting).toBe(0);
      thinning.write(failed(501));
      expect(logged()).toHaveLength(1);
    });

    it('pass at level debug while they are held back at their own level', () => {
      const { thinning, written } = world();
      for (let n = 1; n <= 3; n++) thinning.write(failed(n));
      expect(written.map(({ level, fields }) => [level, fields['n']])).toEqual([['warn', 1], ['debug', 2], ['debug', 3]]); // prettier-ignore
    });

    it('do not fill the log and memory if every error is of another kind', () => {
      const { clock, thinning, logged } = world();
      for (let n = 1; n <= 10_000; n++) thinning.write(failed(n, `kind ${n}`));
      expect(logged()).toHaveLength(51);
      expect(clock.waiting).toBe(51);
      clock.turn(60_000);
      expect(logged()).toMatchObject([{ fields: { n: 10_000, repeated: 9949 } }]);
      clock.turn(60_000);
      expect(clock.waiting).toBe(0);
    });
  });
});
