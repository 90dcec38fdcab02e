/** The fields of `from.poll`, and what its `read` returns. */
import type { Duration } from '../../pipeline/options.ts';
import type { SourceContext } from '../../pipeline/context.ts';

/** What one poll has found, with the cursor for the next poll: both are stored together. */
export interface Page<Item, Cursor> {
  readonly items: readonly Item[];
  /** Where the next poll continues. It is kept as JSON, of at most 1 MiB. If omitted, the cursor is unchanged. */
  readonly cursor?: Cursor | undefined;
}

/** What one poll has found. */
export type Polled<Item, Cursor> = Iterable<Item> | AsyncIterable<Item> | Page<Item, Cursor>;

export interface PollFields<Item, Cursor> {
  /**
   * The least time from the start of a poll to the start of the next one: milliseconds, or text such as `10s`. Polls do not
   * overlap: one that takes longer is followed by the next one at once.
   */
  readonly every: Duration;
  /**
   * Polls once: returns or yields what is new, none if nothing is. It gets the context of a source; `cursor` is the one
   * that the last poll returned, or gave to `checkpoint`. If it throws, the producer is restarted with back-off, and it is
   * called with the last cursor that was stored.
   */
  readonly read: (context: SourceContext<Cursor>) => Polled<Item, Cursor> | PromiseLike<Polled<Item, Cursor>>;
}
