import type { DeadLetter, DeadLetters, DeadQuery, DeadSummary } from '../../core/dead-letters.ts';
import { FrameDecoder, FrameEncoder } from '../../frame/codec.ts';
import type { Moment } from '../../core/clock.ts';
import type { Queue } from '../queue.ts';
import type { Store } from '../store.ts';

/** Calls `work` with the queue. Resolves to the result of `work` when its changes are durable. */
export type Change = <T>(work: (queue: Queue, moment: Moment) => T) => Promise<T>;

/** What an operator can do with the dead letters of a queue that this process has open. */
export class LetterBox implements DeadLetters {
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

  list(query: DeadQuery): Promise<DeadSummary[]> {
    return Promise.resolve(this.#store.readDeadHeads(query));
  }

  read(seq: number): Promise<DeadLetter | undefined> {
    const [letter] = this.#store.readDead({ after: seq - 1, limit: 1 });
    if (letter?.seq !== seq) return Promise.resolve(undefined);
    const { frame, ...rest } = letter;
    return Promise.resolve({ ...rest, item: new FrameDecoder().decode(frame, 0) });
  }

  giveBack(seqs: readonly number[]): Promise<number[]> {
    return this.#change((queue, moment) => queue.letters.giveBack(seqs, moment));
  }

  async giveBackAs(seq: number, item: unknown): Promise<number[]> {
    const encoder = new FrameEncoder({ maxItemBytes: this.#maxItemBytes });
    encoder.add(item);
    const frame = encoder.take();
    return await this.#change((queue, moment) => queue.letters.giveBack([seq], moment, frame));
  }

  purge(seqs: readonly number[]): Promise<number[]> {
    return this.#change((queue) => queue.letters.purge(seqs));
  }
}
