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

  it('pass ten times, then one a second stands for the others', () => {
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
      'dead (the last of 490 such lines) 500 490',
      'dead (the last of 2 such lines) 502 2',
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

  it('about different things do not hold each other back', () => {
    const { written, write } = thin();
    for (let seq = 1; seq <= 11; seq++) write(seq, 'one');
    write(12, 'other');
    expect(written.at(-1)).toBe('dead 12');
  });

  it('are all accounted for at the end', () => {
    const { clock, written, write, end } = thin();
    for (let seq = 1; seq <= 15; seq++) write(seq, 'dead');
    end();
    expect(written.at(-1)).toBe('dead (the last of 5 such lines) 15 5');
    expect(clock.waiting).toBe(0);
  });
});
