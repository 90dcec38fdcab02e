import { formatDuration } from '../core/units.ts';
import { OutcomeUnknown, type Sink, type SinkContext, type SinkWriter } from '../sinks/port.ts';
import { Deadline } from './deadline.ts';

/** The options of a session. */
export interface SessionOptions {
  sink: Pick<Sink<unknown>, 'open'>;
  context: Omit<SinkContext, 'signal' | 'exclusive' | 'part'> & Partial<Pick<SinkContext, 'part'>>;
  /** As in SinkContext. When `signal` aborts, tasks that still wait in line are dropped. */
  exclusive: <T>(name: string, task: () => Promise<T>, signal: AbortSignal) => Promise<T>;
}

/** One opening of the sink, from there until it is closed or given up. */
export class SinkSession {
  readonly #options: SessionOptions;
  readonly #givenUp = new AbortController();
  #writer: SinkWriter<unknown> | undefined;
  /** Aborts the operation in progress. */
  #deadline: Deadline | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Of the writer that has been opened. */
  capture(row: unknown, captured: unknown[]): void {
    this.#writer!.capture(row, captured);
  }

  async open(ms: number): Promise<void> {
    const { sink, context } = this.#options;
    const { signal } = this.#givenUp;
    await this.#within(ms, 'opening', async () => {
      this.#writer = await sink.open({
        ...context,
        part: context.part,
        signal,
        exclusive: (name, task) => this.#exclusive(name, task),
        writeOut: (bytes) => this.#uncounted(() => context.writeOut(bytes)),
      });
      // Too late: its successor has been opened, or will be.
      if (signal.aborted) this.#letGo();
    });
  }

  /** Rejects with `OutcomeUnknown` if `operation` takes longer than `ms`, its waits for other consumers not counted. */
  async do<T>(ms: number, what: string, operation: (writer: SinkWriter<unknown>) => Promise<T>): Promise<T> {
    return await this.#within(ms, what, async () => await operation(this.#writer!));
  }

  /** Anything that it still does is ignored: the sink is notified, and nothing waits for it. */
  giveUp(reason: unknown): void {
    this.#givenUp.abort(reason);
    this.#letGo();
  }

  #letGo(): void {
    const close = async (): Promise<void> => await this.#writer?.close();
    close().catch(() => undefined); // It is not used any more, so its failure does not matter.
  }

  #within<T>(ms: number, what: string, task: () => Promise<T>): Promise<T> {
    const { clock } = this.#options.context;
    return new Promise((resolve, reject) => {
      const deadline = new Deadline(clock, ms, () =>
        reject(new OutcomeUnknown(`${what} took longer than ${formatDuration(ms)}`)),
      );
      this.#deadline = deadline;
      void task()
        .then(resolve, reject)
        .finally(() => deadline.cancel());
    });
  }

  /** The wait in line is caused by other consumers; the task is the sink's own time. */
  #exclusive<T>(name: string, task: () => T | Promise<T>): Promise<T> {
    const { signal } = this.#givenUp;
    const counted = async (): Promise<T> => {
      this.#deadline?.resume();
      try {
        return await unlessAborted(task, signal);
      } finally {
        this.#deadline?.pause();
      }
    };
    return this.#uncounted(() => this.#options.exclusive(name, counted, signal));
  }

  async #uncounted<T>(wait: () => Promise<T>): Promise<T> {
    this.#deadline?.pause();
    try {
      return await wait();
    } finally {
      this.#deadline?.resume();
    }
  }
}

/** Settles as `task` does, and rejects with the signal's reason if that aborts first. */
function unlessAborted<T>(task: () => T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    const run = async (): Promise<T> => await task();
    void run()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
