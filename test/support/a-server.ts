import { MillraceError } from '../../src/core/errors.ts';
import { Intervals } from '../../src/core/intervals.ts';
import {
  Fenced,
  OutcomeUnknown,
  sinkMark,
  type Batch,
  type Sink,
  type SinkContext,
  type SinkWriter,
} from '../../src/sinks/port.ts';

/** The fate of one commit: its answer arrives, is lost, or never comes, before or after the server has carried it out. */
export type Fate = 'answered' | 'lost before' | 'lost after' | 'hangs before' | 'hangs after' | 'late';

/**
 * A sink on a server, as a client sees it: a request may be carried out after the client has stopped waiting for it.
 * A `late` commit never answers, and is carried out only when its writer opens again, before the new session counts.
 */
export class AServer {
  readonly rows: unknown[] = [];
  readonly ledger = new Intervals();
  /** The fates of the next commits, in order; later commits are answered. */
  fates: Fate[] = [];
  opened = 0;
  closed = 0;
  /** While set, opening fails with this error. */
  refusal: Error | undefined;
  /** While true, opening hangs. */
  isDeaf = false;
  #session = 0;
  #underWay: (() => void)[] = [];

  readonly sink: Sink<unknown> = {
    [sinkMark]: true,
    kind: 'server',
    delivery: 'transaction',
    target: 'a server',
    open: (context) => this.#open(context),
  };

  async #open(_context: SinkContext): Promise<SinkWriter<unknown>> {
    if (this.isDeaf) await new Promise(() => undefined);
    if (this.refusal) throw this.refusal;
    this.opened += 1;
    // Raising the session waits for the transaction that holds the writer's row.
    for (const finish of this.#underWay.splice(0)) finish();
    const session = ++this.#session;
    return {
      capture: (row, captured) => void captured.push(structuredClone(row)),
      commit: (batch) => this.#commit(session, batch),
      fence: () => Promise.resolve(this.ledger.last ?? 0),
      ask: (from, to) => Promise.resolve([...this.ledger.within(from, to)]),
      prune: () => Promise.resolve(),
      close: () => Promise.resolve(void (this.closed += 1)),
    };
  }

  async #commit(session: number, batch: Batch): Promise<void> {
    const never = new Promise<never>(() => undefined);
    const fate = this.fates.shift() ?? 'answered';
    const carryOut = (): void => {
      if (session !== this.#session) throw new Fenced('an earlier session');
      for (const [from, to] of batch.items) {
        if (!this.ledger.within(from, to).next().done)
          throw new MillraceError('LEDGER_OVERLAP', `seqs ${from} to ${to} came twice`);
        this.ledger.add(from, to);
      }
      this.rows.push(...batch.captured);
    };
    if (fate === 'late') this.#underWay.push(carryOut);
    if (fate === 'answered' || fate.endsWith('after')) carryOut();
    if (fate.startsWith('lost')) throw new OutcomeUnknown('connection reset by the server');
    if (fate !== 'answered') await never;
  }
}
