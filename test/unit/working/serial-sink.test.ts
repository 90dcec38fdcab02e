import { describe, expect, it } from '@jest/globals';
import { Intervals } from '../../../src/core/intervals.ts';
import type { SinkWriter } from '../../../src/sinks/port.ts';
import { serialSink } from '../../../src/working/serial-sink.ts';
import { StandardOutput } from '../../../src/working/standard-output.ts';
import { microtasks } from '../../support/microtasks.ts';
import { Held } from './a-consumer.ts';

describe('a sink writer', () => {
  it('is called once at a time and in order, whatever becomes of each call', async () => {
    const calls: string[] = [];
    const held: Held<never>[] = [];
    const call = (name: string) => (): Promise<never> => {
      calls.push(name);
      held.push(new Held<never>());
      return held.at(-1)!.promise;
    };
    const writer: SinkWriter<unknown> = {
      commit: call('commit'),
      fence: call('fence'),
      ask: call('ask'),
      prune: call('prune'),
      close: call('close'),
    };
    const sink = serialSink(writer);
    const outcomes = [
      sink.commit({ rows: [], seqs: new Intervals() }),
      sink.fence([1]),
      sink.ask(1, 2),
      sink.prune({ before: 1, open: [], drop: [] }),
      sink.close(),
    ].map(
      async (outcome) =>
        await outcome.then(
          () => 'ok',
          (error: unknown) => (error as Error).message,
        ),
    );
    for (const [i, name] of ['commit', 'fence', 'ask', 'prune', 'close'].entries()) {
      await microtasks();
      expect(calls).toHaveLength(i + 1);
      expect(calls[i]).toBe(name);
      if (i % 2 === 0) held[i]!.reject(new Error(`${name} failed`));
      else held[i]!.resolve(undefined as never);
    }
    expect(await Promise.all(outcomes)).toEqual(['commit failed', 'ok', 'ask failed', 'ok', 'close failed']);
  });
});

describe('standard output', () => {
  it('confirms writes in their order, and fails what nobody takes any more', async () => {
    const sent: string[] = [];
    const output = new StandardOutput((bytes) => sent.push(bytes.toString()));
    const outcomes = ['a', 'b', 'c'].map(
      async (text) =>
        await output.write(Buffer.from(text)).then(
          () => `${text} written`,
          (error: unknown) => `${text}: ${(error as Error).message}`,
        ),
    );
    expect(sent).toEqual(['a', 'b', 'c']);
    output.written();
    output.written();
    output.giveUp();
    output.written();
    expect(await Promise.all(outcomes)).toEqual(['a written', 'b written', 'c: standard output takes no more']);
  });
});
