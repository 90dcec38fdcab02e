import type { DeadLetter, DeadLetters, DeadQuery, DeadSummary } from '../../core/dead-letters.ts';
import { FrameEncoder } from '../../frame/codec.ts';
import type { Frame } from '../../frame/frame.ts';
import { ItemError } from '../../frame/item-error.ts';
import { encodedText } from '../../frame/record-text.ts';
import { frameOfRecord, holdsRecords, recordOf } from '../../frame/records.ts';
import { readableLetter } from '../spool/dead-letters.ts';
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
    return Promise.resolve(readableLetter(letter));
  }

  giveBack(seqs: readonly number[]): Promise<number[]> {
    return this.#change((queue, moment) => queue.letters.giveBack(seqs, moment));
  }

  async giveBackAs(seq: number, item: unknown): Promise<number[]> {
    const [letter] = this.#store.readDead({ after: seq - 1, limit: 1 });
    const isRecord = letter?.seq === seq && holdsRecords(letter.frame);
    const frame = isRecord ? this.#recordInPlaceOf(letter.frame, item) : this.#frameOf(item);
    return await this.#change((queue, moment) => queue.letters.giveBack([seq], moment, frame));
  }

  purge(seqs: readonly number[]): Promise<number[]> {
    return this.#change((queue) => queue.letters.purge(seqs));
  }

  #frameOf(item: unknown): Frame {
    const encoder = new FrameEncoder({ maxItemBytes: this.#maxItemBytes });
    encoder.add(item);
    return encoder.take();
  }

  #recordInPlaceOf(frame: Frame, item: unknown): Frame {
    const { length: _, ...record } = recordOf(frame, 0);
    const { encoding = 'utf-8' } = record.meta;
    const bytes = typeof item === 'string' ? encodedText(item, encoding) : asBytes(item);
    if (!bytes)
      throw new ItemError(`expected the bytes of a raw record in ${encoding}, which Millrace cannot write; use --file`);
    if (bytes.length === 0) throw new ItemError('a raw record has at least one byte');
    if (bytes.length > this.#maxItemBytes)
      throw new ItemError(`the record takes ${bytes.length} bytes, more than maxItemBytes (${this.#maxItemBytes})`);
    return frameOfRecord({ ...record, bytes, length: undefined });
  }
}

function asBytes(item: unknown): Buffer {
  if (item instanceof Uint8Array) return Buffer.from(item);
  throw new ItemError(
    'expected the text of a raw record, or its bytes: this dead letter is a line or row of a file and not an item in JSON',
  );
}
