import type { Interval } from '../core/intervals.ts';
import { isOutcomeUnknown, type Batch, type SinkWriter } from '../sinks/port.ts';
import { SinkSession, type SessionOptions } from './sink-session.ts';

export interface SinkConnectionOptions extends SessionOptions {
  /** How long one operation may take. */
  timeoutMs: number;
}

/**
 * The sink as a consumer has it: one operation at a time, in the order of the calls, each within a timeout, and in a
 * new session where nobody knows what has become of the last operation.
 *
 * What hangs, or has lost its answer, may still be carried out. So its session is given up, and the next operation
 * begins by opening another. Opening waits for what this writer has under way in the sink and bars the rest: what the
 * ledger says from then on stays true.
 */
export class SinkConnection implements SinkWriter<unknown> {
  readonly #options: SinkConnectionOptions;
  #session: SinkSession | undefined;
  /** The latest writer that was opened; it captures rows even after it has been given up. */
  #captor: SinkSession | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #hasBeenOpen = false;

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

  commit(batch: Batch<unknown>): Promise<void> {
    return this.#do('a commit', (writer) => writer.commit(batch));
  }

  fence(writers: readonly number[]): Promise<number> {
    return this.#do('barring lost writers', (writer) => writer.fence(writers));
  }

  ask(from: number, to: number): Promise<Interval[]> {
    return this.#do('asking the ledger', (writer) => writer.ask(from, to));
  }

  prune(request: Parameters<SinkWriter<unknown>['prune']>[0]): Promise<void> {
    return this.#do('sweeping the ledger', (writer) => writer.prune(request));
  }

  close(): Promise<void> {
    return this.#serially(async () => {
      await this.#session?.do(this.#options.timeoutMs, 'closing', (writer) => writer.close());
    });
  }

  #do<T>(what: string, operation: (writer: SinkWriter<unknown>) => Promise<T>): Promise<T> {
    const { timeoutMs } = this.#options;
    return this.#serially(async () => {
      const session = await this.#opened(timeoutMs);
      try {
        return await session.do(timeoutMs, what, operation);
      } catch (error) {
        if (isOutcomeUnknown(error)) {
          this.#session = undefined;
          session.giveUp(error);
        }
        throw error;
      }
    });
  }

  async #opened(ms: number): Promise<SinkSession> {
    if (this.#session) return this.#session;
    const { context } = this.#options;
    const isKnown = context.isKnown || this.#hasBeenOpen;
    const session = new SinkSession({ ...this.#options, context: { ...context, isKnown } });
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
