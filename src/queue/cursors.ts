import type { SourcePosition } from '../frame/position.ts';
import type { Pending } from './pending.ts';
import type { Cursor, Store } from './store.ts';

interface Parts {
  store: Pick<Store, 'newestCursor' | 'cursorBelow' | 'readRetrySeqs' | 'sync'>;
  pending: Pending;
}

/**
 * The cursors that a source has reported, for a source that wants to hear what is settled.
 *
 *     reported ──everything up to it is settled──▶ due ──the producer confirms it──▶ forgotten
 *
 * Each is kept in the store with the last seq that it covers, until the producer confirms it or a later one. They cost
 * no memory here, however deep the queue is. A due cursor is sent again after each start of a producer, because only a
 * confirmation removes it.
 */
export class Cursors {
  readonly #parts: Parts;
  /** The id of the newest cursor, and the one up to which all are confirmed. */
  #newest: number;
  #confirmed = 0;
  #lastReported: string | null;

  constructor(parts: Parts, { position }: { position: SourcePosition }) {
    this.#parts = parts;
    this.#newest = parts.store.newestCursor();
    this.#lastReported = position.cursor;
  }

  /** True when the producer has confirmed all that were reported. */
  get areConfirmed(): boolean {
    return this.#confirmed >= this.#newest;
  }

  /** The source's position after item `nextSeq - 1`. */
  reached({ cursor, count }: SourcePosition, nextSeq: number): void {
    if (cursor === null || cursor === this.#lastReported) return;
    this.#lastReported = cursor;
    this.#newest += 1;
    // Other seqs may have been assigned between the counted items. Then the cursor covers a few more items than
    // necessary.
    this.#parts.pending.add('cursors', { id: this.#newest, seq: nextSeq - 1 - count, cursor });
  }

  /**
   * The newest cursor up to which everything is settled, as of the last commit; undefined if there is none that was not
   * confirmed. An item that waits for a retry is open; a dead letter is settled. Throws as `Queue.commit` does.
   */
  due(settledBelow: number): Cursor | undefined {
    if (this.areConfirmed) return undefined;
    const { store } = this.#parts;
    const [retry = Infinity] = store.readRetrySeqs(1);
    const found = store.cursorBelow(Math.min(settledBelow, retry));
    if (!found || found.id <= this.#confirmed) return undefined;
    // The source may delete what it was read from: not even a power loss may open one of these items again.
    store.sync();
    return found;
  }

  /** The source has dealt with everything up to this cursor. */
  confirm(id: number): void {
    if (id <= this.#confirmed) return;
    this.#confirmed = Math.min(id, this.#newest);
    this.#parts.pending.confirm(this.#confirmed);
  }

  /** The pipeline no longer has the source that reported them. */
  forget(): void {
    if (!this.areConfirmed) this.confirm(this.#newest);
  }
}
