import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLineOutput } from '../../../src/observability/line-output.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { Terminal } from './a-terminal.ts';

const kibibyte = 'x'.repeat(1023);

/** A reader that reads nothing until a test makes it read one piece or everything. */
class SlowReader extends Writable {
  readonly taken: string[] = [];
  #take: (() => void) | undefined;

  override _write(chunk: Buffer, _: unknown, done: (error?: Error) => void): void {
    this.#take = () => {
      this.taken.push(chunk.toString());
      done();
    };
  }

  takeOne(): void {
    const take = this.#take;
    this.#take = undefined;
    take?.();
  }

  async takeAll(): Promise<void> {
    while (this.#take) {
      this.takeOne();
      await Promise.resolve();
    }
  }

  get lines(): string[] {
    return this.taken.join('').split('\n').slice(0, -1);
  }
}

/** Standard error cannot be destroyed. */
function asStandardError(this: Writable, error: Error | null, done: (error?: Error | null) => void): void {
  done(error);
  (this as unknown as Record<string, () => void>)['_undestroy']!();
}

function output<S extends Writable>(stream: S) {
  const clock = new HandClock();
  const recovered: number[] = [];
  const lines = createLineOutput({ stream, clock, onRecovered: (many) => recovered.push(many) });
  return { stream, clock, recovered, output: lines };
}

describe('the output of lines', () => {
  it('drops lines below warn if 1 MiB waits, the others at 4 MiB, and reports the number once everything is read', async () => {
    const { stream, output: lines, recovered } = output(new SlowReader());
    for (let i = 0; i < 3000; i++) lines.write(kibibyte, false);
    expect(stream.writableLength).toBeLessThan(1.1 * 1024 * 1024);
    for (let i = 0; i < 6000; i++) lines.write(kibibyte, true);
    expect(stream.writableLength).toBeLessThan(4.1 * 1024 * 1024);
    stream.takeOne();
    await Promise.resolve();
    expect(recovered).toEqual([]);
    await stream.takeAll();
    expect(recovered).toEqual([9000 - stream.lines.length]);
    lines.write('again', false);
    await stream.takeAll();
    expect(stream.lines.at(-1)).toBe('again');
  });

  it('continues after a full disk, and reports how many lines it could not write', async () => {
    let isFull = true;
    const taken: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _, done) {
        if (isFull) return done(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
        taken.push(chunk.toString());
        done();
      },
      destroy: asStandardError,
    });
    const { output: lines, recovered } = output(stream);
    lines.write('lost', true);
    await new Promise((resolve) => stream.once('error', resolve));
    isFull = false;
    lines.write('kept', true);
    await lines.flush();
    expect({ taken, recovered }).toEqual({ taken: ['kept\n', ''], recovered: [1] });
  });

  it('stops writing to a reader that has gone', async () => {
    let attempts = 0;
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        attempts++;
        done(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
      },
      destroy: asStandardError,
    });
    const { output: lines } = output(stream);
    lines.write('lost', true);
    await new Promise((resolve) => stream.once('error', resolve));
    lines.write('lost, too', true);
    await lines.flush();
    expect(attempts).toBe(1);
  });

  it('waits at most a second for a reader that reads nothing', async () => {
    const { output: lines, clock } = output(new SlowReader());
    lines.write('stuck', true);
    const flushed = lines.flush();
    clock.turn(1000);
    await flushed;
    expect(clock.waiting).toBe(0);
  });
});

describe('pinned lines', () => {
  it('stay below the written lines, in whatever order both come', () => {
    const word = fc.stringMatching(/^[a-z]{1,30}$/);
    const step = fc.oneof(
      fc.record({ write: word }),
      fc.record({ pin: fc.array(word, { maxLength: 5 }) }),
      fc.constant('tick' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        const { stream, output: lines, clock } = output(new Terminal());
        const written: string[] = [];
        let pinned: string[] = [];
        for (const each of steps) {
          if (each === 'tick') {
            clock.endTick();
          } else if ('write' in each) {
            lines.write(each.write, false);
            written.push(each.write);
          } else {
            lines.pin(each.pin);
            pinned = each.pin;
          }
        }
        clock.endTick();
        expect(stream.screen).toEqual([...written, ...pinned].join('\n').split('\n'));
        expect(stream.isCursorShown).toBe(pinned.length === 0);
      }),
    );
  });

  it('are redrawn in one write, and not at all if they have not changed', () => {
    const { stream, output: lines, clock } = output(new Terminal());
    lines.pin(['a', 'b']);
    lines.pin(['a', 'b']);
    expect(stream.writes).toHaveLength(1);
    lines.write('one', false);
    lines.write('two', false);
    clock.endTick();
    expect(stream.writes).toHaveLength(4);
    lines.pin(['a', 'c']);
    expect(stream.writes).toHaveLength(5);
  });

  it('leave no remnants if the terminal has become narrower', () => {
    const { stream, output: lines, clock } = output(new Terminal());
    stream.columns = 10;
    // The terminal has wrapped a line of 25 columns that was drawn when it was wider.
    lines.pin(['x'.repeat(25)]);
    lines.write('one', false);
    clock.endTick();
    lines.pin(['short']);
    expect(stream.screen).toEqual(['one', 'short']);
  });

  it('are still removed from the screen after a line could not be written', async () => {
    const { stream, output: lines } = output(new SlowReader());
    lines.pin(['a', 'b']);
    while (stream.writableLength < 1024 * 1024) lines.write(kibibyte, true);
    lines.pin(['c', 'd']);
    await stream.takeAll();
    lines.pin(['e', 'f']);
    await stream.takeAll();
    for (let i = 0; stream.writableLength < 1024 * 1024; i++) stream.write(kibibyte);
    lines.write('dropped', false);
    await stream.takeAll();
    lines.pin(['g']);
    await stream.takeAll();
    expect(stream.taken.at(-1)).toBe('\u001b[2A\rg\u001b[K\n\u001b[J');
  });

  it('are cut to the height of the terminal', () => {
    const { stream, output: lines } = output(new Terminal());
    stream.rows = 3;
    lines.pin(['1', '2', '3', '4']);
    expect(stream.screen).toEqual(['1', '2']);
  });

  it('are shown on a terminal that does not know its own size', () => {
    const { stream, output: lines } = output(new Terminal());
    stream.rows = 0;
    lines.pin(['1', '2']);
    expect(stream.screen).toEqual(['1', '2']);
  });

  it('disappear when they are removed, and the cursor returns', () => {
    const { stream, output: lines } = output(new Terminal());
    lines.write('one', false);
    lines.pin(['a', 'b']);
    expect(stream.isCursorShown).toBe(false);
    lines.pin([]);
    lines.pin([]);
    lines.write('two', false);
    expect(stream.screen).toEqual(['one', 'two']);
    expect(stream.isCursorShown).toBe(true);
    expect(stream.writes).toHaveLength(4);
  });
});
