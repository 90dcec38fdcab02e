import { FrameDecoder, FrameEncoder } from '../../frame/codec.ts';
import type { ReadableDeadLetter, DeadQuery } from '../spool/dead-letters.ts';
import type { Moment } from '../../core/clock.ts';
import type { Queue } from '../queue.ts';
import type { DeadHead, Store } from '../store.ts';

/** Does `work` on the queue; resolves to what that returns when it is durable. */
export type Change = <T>(work: (queue: Queue, moment: Moment) => T) => Promise<T>;

/** What an operator can do with the dead letters of a queue that this process has open. */
export class LetterBox {
  readonly #store: Pick<Store, 'readDead' | 'readDeadHeads'>;
  readonly #change: Change;
  readonly #maxItemBytes: number;

  constructor(
    store: Pick<Store, 'readDead' | 'readDeadHeads'>,
    change: Change,
    { maxItemBytes }: { maxItemBytes: number },
  ) {
    this.#store = store;
    this.#change = change;
    this.#maxItemBytes = maxItemBytes;
  }

  /** Without their items. */
  list({ after, limit }: DeadQuery): Promise<Omit<DeadHead, 'bytes'>[]> {
    return Promise.resolve(this.#store.readDeadHeads(after, limit));
  }

  /** With its item, decoded. */
  read(seq: number): Promise<ReadableDeadLetter | undefined> {
    const [letter] = this.#store.readDead(seq - 1, 1);
    if (letter?.seq !== seq) return Promise.resolve(undefined);
    const { frame, ...rest } = letter;
    return Promise.resolve({ ...rest, item: new FrameDecoder().decode(frame, 0) });
  }

  /** Puts them back into the queue; see `Letters.giveBack`. */
  giveBack(seqs: readonly number[]): Promise<number[]> {
    return this.#change((queue, moment) => queue.letters.giveBack(seqs, moment));
  }

  /** Puts one back with another item. Rejects with an ItemError if that cannot be carried. */
  async giveBackAs(seq: number, item: unknown): Promise<number[]> {
    const encoder = new FrameEncoder({ maxItemBytes: this.#maxItemBytes });
    encoder.add(item);
    const frame = encoder.take();
    return await this.#change((queue, moment) => queue.letters.giveBack([seq], moment, frame));
  }

  /** Deletes them. */
  purge(seqs: readonly number[]): Promise<number[]> {
    return this.#change((queue) => queue.letters.purge(seqs));
  }
}
