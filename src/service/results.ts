import { usageError } from '../core/errors.ts';

/** The source of the results while a run is in progress. */
export interface ResultSource {
  /** The next item to read; undefined if there is none yet. */
  take: () => { rows: () => Iterable<unknown>; settle: () => void; putBack: () => void } | undefined;
  /** Calls `listener` when there may be something to take. */
  listen: (listener: () => void) => void;
}

/**
 * `service.results`: read by one `for await` at a time. An item is settled when the reader asks for another row after
 * the item's last one. A reader that leaves the loop settles nothing more: the next reader begins with the same item.
 */
export class ResultStream<Row> implements AsyncIterable<Row> {
  #source: ResultSource | undefined;
  #end: { error?: unknown } | undefined;
  #isRead = false;
  #wake: () => void = () => undefined;

  /** A run begins to provide results. The returned function ends that. */
  attach(source: ResultSource): () => void {
    this.#source = source;
    source.listen(() => this.#wake());
    this.#wake();
    return () => {
      this.#source = undefined;
    };
  }

  /** There are no more results. If there is an error, the reader gets it. Only the first call counts. */
  end(end: { error?: unknown }): void {
    this.#end ??= end;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    if (this.#isRead) throw usageError('service.results is already being read; only one loop can read it at a time');
    this.#isRead = true;
    try {
      for (let item = await this.#next(); item; item = await this.#next()) {
        let isRead = false;
        try {
          yield* item.rows() as Iterable<Row>;
          isRead = true;
        } finally {
          if (isRead) item.settle();
          else item.putBack();
        }
      }
    } finally {
      this.#isRead = false;
    }
  }

  async #next(): Promise<ReturnType<ResultSource['take']>> {
    for (;;) {
      const item = this.#source?.take();
      if (item) return item;
      if (this.#end) {
        if ('error' in this.#end) throw this.#end.error;
        return undefined;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
