import { describe, expect, it } from '@jest/globals';
import { ResultStream, type ResultSource } from '../../../src/service/results.ts';

/** The items of a run, each with its rows, in order; `notes` has what the reader did with them. */
class Run implements ResultSource {
  readonly notes: string[] = [];
  #waiting: unknown[][];
  #listener: () => void = () => undefined;

  constructor(...items: unknown[][]) {
    this.#waiting = items;
  }

  give(...rows: unknown[]): void {
    this.#waiting.push(rows);
    this.#listener();
  }

  listen(listener: () => void): void {
    this.#listener = listener;
  }

  take(): ReturnType<ResultSource['take']> {
    const rows = this.#waiting.shift();
    if (!rows) return undefined;
    return {
      rows: () => rows,
      settle: () => void this.notes.push(`settled ${rows.join()}`),
      putBack: () => {
        this.notes.push(`put back ${rows.join()}`);
        this.#waiting.unshift(rows);
      },
    };
  }
}

describe('the results of a service', () => {
  it('are settled, item by item, when the reader asks for the next row', async () => {
    const stream = new ResultStream<string>();
    const run = new Run(['a', 'b'], ['c']);
    stream.attach(run);
    const rows = stream[Symbol.asyncIterator]();
    expect(await rows.next()).toEqual({ value: 'a', done: false });
    expect(await rows.next()).toEqual({ value: 'b', done: false });
    expect(run.notes).toEqual([]);
    expect(await rows.next()).toEqual({ value: 'c', done: false });
    expect(run.notes).toEqual(['settled a,b']);
    const next = rows.next();
    stream.end({});
    expect(await next).toEqual({ value: undefined, done: true });
    expect(run.notes).toEqual(['settled a,b', 'settled c']);
  });

  it('keep the reader waiting, across several runs, until the service has ended', async () => {
    const stream = new ResultStream<string>();
    const read: string[] = [];
    const all = (async () => {
      for await (const row of stream) read.push(row);
    })();
    const first = new Run();
    const detach = stream.attach(first);
    first.give('a');
    await Promise.resolve();
    detach();
    stream.attach(new Run(['b']));
    stream.end({});
    await all;
    expect(read).toEqual(['a', 'b']);
  });

  it('of the item at which a loop was left come again in the next loop', async () => {
    const stream = new ResultStream<string>();
    const run = new Run(['a', 'b'], ['c']);
    stream.attach(run);
    for await (const _ of stream) break;
    expect(run.notes).toEqual(['put back a,b']);
    stream.end({});
    const read: string[] = [];
    for await (const row of stream) read.push(row);
    expect(read).toEqual(['a', 'b', 'c']);
  });

  it('refuse to be read by two loops at a time', async () => {
    const stream = new ResultStream<string>();
    stream.attach(new Run(['a']));
    const first = stream[Symbol.asyncIterator]();
    await first.next();
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow('only one loop can read it at a time');
    await first.return();
    expect(await stream[Symbol.asyncIterator]().next()).toEqual({ value: 'a', done: false });
  });

  it('end with the error that ended the service', async () => {
    const stream = new ResultStream<string>();
    const next = stream[Symbol.asyncIterator]().next();
    stream.end({ error: new Error('the disk failed') });
    await expect(next).rejects.toThrow('the disk failed');
  });

  it('throw that error to a reader that comes after the service has ended, too', async () => {
    const stream = new ResultStream<string>();
    stream.end({ error: new Error('no results of this sink') });
    stream.end({});
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow('no results of this sink');
  });
});
