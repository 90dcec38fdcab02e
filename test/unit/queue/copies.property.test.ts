import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { Intervals } from '../../../src/core/intervals.ts';
import { Spool } from '../../../src/queue/spool.ts';
import { memory } from '../../../src/sinks/memory.ts';
import { sinkContext } from '../../contract/sink-context.ts';

/** What an operator, or a crash, does to a queue's directory and its one sink. */
type Step =
  /** A supervisor starts, and its consumer opens the sink and writes to it, unless it is killed before. */
  | { kind: 'start'; gets: 'nowhere' | 'to open' | 'to write'; isKilled: boolean }
  | { kind: 'copy' | 'restore'; copy: number }
  | { kind: 'fresh' };

const copy = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('start'),
      gets: fc.constantFrom('nowhere', 'to open', 'to write'),
      isKilled: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy'), copy }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore'), copy }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fresh') }) },
) as fc.Arbitrary<Step>;

/** The starts that a queue has had, and of which queue. A copy has had those that the queue had when it was made. */
interface Past {
  queue: symbol;
  starts: symbol[];
}

describe('a sink', () => {
  it('is opened by a queue exactly if that has had the start that last wrote to it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
        const at = (name: string): string => join(folder, name);
        const sink = memory();
        const seen = new Map<symbol, symbol>();
        const pasts = new Map<string, Past>();
        const fresh = (): void => void pasts.set('state', { queue: Symbol('queue'), starts: [] });
        const moved = (from: string, to: string): void => {
          const { queue, starts } = pasts.get(from)!;
          rmSync(at(to), { recursive: true, force: true });
          cpSync(at(from), at(to), { recursive: true });
          pasts.set(to, { queue, starts: [...starts] });
        };
        fresh();
        try {
          for (const act of steps) {
            const past = pasts.get('state')!;
            if (act.kind === 'start') {
              const spool = Spool.open({ file: join(at('state'), 'queue.db'), durability: 'full' });
              past.starts.push(Symbol('start'));
              if (act.gets !== 'nowhere') {
                const last = seen.get(past.queue);
                const mayOpen = last === undefined || past.starts.includes(last);
                const { start } = spool;
                const opening = sink.open(sinkContext({ run: start.queue, writer: past.starts.length, start }));
                const writer = await opening.catch(() => undefined);
                const isOpened = writer !== undefined;
                if (isOpened !== mayOpen) throw new Error(`it was ${isOpened ? '' : 'not '}opened`);
                if (act.gets === 'to write' && isOpened) {
                  await writer.commit({ captured: [], seqs: new Intervals() });
                  seen.set(past.queue, past.starts.at(-1)!);
                }
              }
              if (act.isKilled) spool.abandon();
              else spool.close();
            } else if (act.kind === 'fresh') {
              rmSync(at('state'), { recursive: true, force: true });
              fresh();
            } else if (act.kind === 'copy' && past.starts.length > 0) {
              moved('state', `copy ${act.copy}`);
            } else if (act.kind === 'restore' && pasts.has(`copy ${act.copy}`)) {
              moved(`copy ${act.copy}`, 'state');
            }
          }
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 60 },
    );
  });
});
