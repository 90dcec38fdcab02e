import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { to } from '../../../src/connectors/to.ts';
import { Spool } from '../../../src/queue/spool/spool.ts';
import { sinkContext } from '../../contract/sink-context.ts';

/** What an operator, or a crash, does to a queue's directory and its sink. */
type Step =
  /** A supervisor starts. Unless it is killed first, its consumer opens the sink and may change it. */
  | { kind: 'start'; does: 'nothing' | 'opens' | 'writes'; isKilled: boolean }
  /** The last consumer to open the sink changes it now, even if its queue has since been started again or replaced. */
  | { kind: 'late write' }
  | { kind: 'copy' | 'restore'; copy: number }
  | { kind: 'fresh' };

const copy = fc.nat({ max: 1 });
const does = fc.constantFrom('nothing', 'opens', 'writes');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('start'), does, isKilled: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'late write' }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('copy'), copy }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('restore'), copy }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'fresh' }) },
) as fc.Arbitrary<Step>;

/** A queue's id and its starts. A copy has the starts that the queue had when it was copied. */
interface Past {
  queue: symbol;
  starts: symbol[];
}

/** A sink and, for each queue, the start that last changed it. */
class WatchedSink {
  readonly #sink = to.memory();
  readonly #changedBy = new Map<symbol, symbol>();
  #writers = 0;

  /** Opens the sink. Returns a function that changes it, or undefined if the sink refused. Throws if that was wrong. */
  async open({ queue, starts }: Past, start: Spool['start']): Promise<(() => Promise<void>) | undefined> {
    const context = sinkContext({ run: start.queue, writer: (this.#writers += 1), start });
    const writer = await this.#sink.open(context).catch(() => undefined);
    this.#check('opened', writer !== undefined, { queue, starts });
    // A sweep that forgets nothing.
    return writer && (() => this.#change({ queue, starts }, () => writer.prune({ before: 0, open: [], drop: [] })));
  }

  async #change(past: Past, write: () => Promise<void>): Promise<void> {
    const isWritten = await write().then(
      () => true,
      () => false,
    );
    this.#check('changed', isWritten, past);
    if (isWritten) this.#changedBy.set(past.queue, past.starts.at(-1)!);
  }

  /** Only a start that knows the start that last changed the sink may do anything. */
  #check(what: string, isDone: boolean, { queue, starts }: Past): void {
    const last = this.#changedBy.get(queue);
    const mayDo = last === undefined || starts.includes(last);
    if (isDone !== mayDo) throw new Error(`the sink was ${isDone ? '' : 'not '}${what}`);
  }
}

describe('a sink', () => {
  it('can be opened and changed by a start if and only if its queue has had the start that last changed the sink', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
        const directory = mkdtempSync(join(tmpdir(), 'millrace-'));
        const at = (name: string): string => join(directory, name);
        const sink = new WatchedSink();
        const pasts = new Map<string, Past>();
        let write: (() => Promise<void>) | undefined;
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
              if (act.does !== 'nothing') {
                const opened = await sink.open({ ...past, starts: [...past.starts] }, spool.start);
                if (act.does === 'writes') await opened?.();
                write = opened ?? write;
              }
              if (act.isKilled) spool.abandon();
              else spool.close();
            } else if (act.kind === 'late write') {
              await write?.();
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
          rmSync(directory, { recursive: true });
        }
      }),
      { numRuns: 60 },
    );
  });
});
