import type { Interval } from '../core/intervals.ts';
import { configError } from '../core/errors.ts';
import {
  sinkFailureOf,
  type Batch,
  type Outcome,
  type Prepared,
  type PruneRequest,
  type SinkWriter,
} from '../sinks/port.ts';
import { SinkSession, type SessionOptions } from './sink-session.ts';

export interface SinkConnectionOptions extends SessionOptions {
  /** How long one operation may take. */
  timeoutMs: number;
}

const cannotWait =
  'this sink cannot wait for the commit of another one; put it last in to.all(…), or use a sink that has prepare()';

/**
 * The sink as a consumer uses it: one operation at a time, in the order of the calls, each within a timeout, and in a
 * new session after every lost connection.
 *
 * An operation that hangs, or has lost its answer, may still be carried out. So its session is given up, and the next
 * operation begins by opening another. Opening waits for this writer's open transactions in the sink and bars it from
 * starting others, so the ledger's answers from then on stay true. A sink that was only unreachable is opened again as
 * well: a lost connection does not recover by itself.
 */
export class SinkConnection {
  readonly #options: SinkConnectionOptions;
  #session: SinkSession | undefined;
  /** The latest writer that was opened; it captures rows even after it has been given up. */
  #captor: SinkSession | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #hasBeenOpen = false;
  /** Where this writer's part ended when it last wrote. */
  #part: unknown;

  constructor(options: SinkConnectionOptions) {
    this.#options = options;
  }

  /** Opens the first session, within `ms`. */
  open(ms: number = this.#options.timeoutMs): Promise<void> {
    return this.#serially(async () => void (await this.#opened(ms)));
  }

  capture(row: unknown, captured: unknown[]): void {
    this.#captor!.capture(row, captured);
  }

  commit(batch: Batch): Promise<Outcome | void> {
    return this.#serially(async () => {
      const session = await this.#opened(this.#options.timeoutMs);
      const outcome = await this.#attempt(session, 'a commit', (writer) => writer.commit(batch));
      // Only now: the late answer of a commit that was given up does not count, because the batch is written again.
      if (outcome?.part !== undefined) this.#part = outcome.part;
      return outcome;
    });
  }

  /**
   * The first half of `commit`. No other operation is done until the second half, because it would see uncommitted
   * data, or wait for it.
   */
  prepare(batch: Batch): Promise<Prepared> {
    return new Promise((resolve, reject) => {
      const prepare = async (): Promise<void> => {
        const session = await this.#opened(this.#options.timeoutMs);
        const transaction = await this.#attempt(session, 'writing', (writer) => prepared(writer, batch));
        await new Promise<void>((over) => {
          const decided = (what: string, half: () => Promise<void>) => async (): Promise<void> =>
            await this.#attempt(session, what, half).finally(over);
          resolve({
            commit: decided('a commit', () => transaction.commit()),
            rollback: decided('a rollback', () => transaction.rollback()),
          });
        });
      };
      this.#serially(prepare).catch(reject);
    });
  }

  fence(writers: readonly number[]): Promise<number> {
    return this.#do('barring lost writers', (writer) => writer.fence(writers));
  }

  ask(from: number, to: number): Promise<Interval[]> {
    return this.#do('asking the ledger', (writer) => writer.ask(from, to));
  }

  prune(request: PruneRequest): Promise<void> {
    return this.#do('sweeping the ledger', (writer) => writer.prune(request));
  }

  close(): Promise<void> {
    return this.#serially(async () => {
      await this.#session?.do(this.#options.timeoutMs, 'closing', (writer) => writer.close());
    });
  }

  #do<T>(what: string, operation: (writer: SinkWriter<unknown>) => Promise<T>): Promise<T> {
    return this.#serially(async () => {
      const session = await this.#opened(this.#options.timeoutMs);
      return await this.#attempt(session, what, operation);
    });
  }

  async #attempt<T>(
    session: SinkSession,
    what: string,
    operation: (writer: SinkWriter<unknown>) => Promise<T>,
  ): Promise<T> {
    try {
      return await session.do(this.#options.timeoutMs, what, operation);
    } catch (error) {
      if (['unreachable', 'unknown'].includes(sinkFailureOf(error))) {
        this.#session = undefined;
        session.giveUp(error);
      }
      throw error;
    }
  }

  async #opened(ms: number): Promise<SinkSession> {
    if (this.#session) return this.#session;
    const { context } = this.#options;
    const isKnown = context.isKnown || this.#hasBeenOpen;
    const session = new SinkSession({ ...this.#options, context: { ...context, isKnown, part: this.#part } });
    try {
      await session.open(ms);
    } catch (error) {
      session.giveUp(error);
      throw error;
    }
    this.#hasBeenOpen = true;
    this.#captor = session;
    return (this.#session = session);
  }

  #serially<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

async function prepared(writer: SinkWriter<unknown>, batch: Batch): Promise<Prepared> {
  if (!writer.prepare) throw configError('SINK_ALONE', cannotWait);
  return await writer.prepare(batch);
}
