import { FrameEncoder } from '../frame/codec.ts';
import { frameToPayload, joinItems, type Frame } from '../frame/frame.ts';
import type { Results } from '../ipc/messages.ts';
import { BadRow, type Batch } from '../sinks/port.ts';

/**
 * Rows are sent in messages of about this size, so that later messages on the channel do not wait for a whole large
 * batch.
 */
const pieceBytes = 256 * 1024;
const maxRowBytes = 16 * 1024 * 1024;

/** Rows on their way to the program that runs the service: encoded as items are, and sent before they are settled. */
export class ToProgram {
  readonly #send: (message: Results, payload: Buffer[]) => void;
  readonly #encoder = new FrameEncoder({ maxItemBytes: maxRowBytes });

  constructor(send: (message: Results, payload: Buffer[]) => void) {
    this.#send = send;
  }

  /** Copies a row. Throws a BadRow if it cannot be carried. */
  encode(row: unknown): unknown {
    try {
      this.#encoder.add(row);
      return this.#encoder.take();
    } catch (error) {
      const reason = (error as Error).message.replace(
        'the item cannot be carried to a consumer',
        'it cannot be carried',
      );
      throw new BadRow(`a result for service.results: ${reason}`, { cause: error });
    }
  }

  /** Sends the rows of a batch; those of an item may be spread over several messages. */
  send({ captured, seqs: items, ends }: Pick<Batch, 'captured' | 'seqs' | 'ends'>): void {
    let seqs: number[] = [];
    let rows: Frame[] = [];
    let bytes = 0;
    const flush = (): void => {
      const last = rows.at(-1);
      if (!last) return;
      // An encoder only adds to its shapes, so the last row's are those of all.
      const { header, parts } = frameToPayload(
        joinItems(
          last.shapes,
          rows.map(({ body }) => body),
        ),
      );
      this.#send({ type: 'results', seqs, ...header }, parts);
      [seqs, rows, bytes] = [[], [], 0];
    };
    let at = 0;
    for (const [i, seq] of items.entries()) {
      for (; at < ends[i]!; at++) {
        const row = captured[at] as Frame;
        seqs.push(seq);
        rows.push(row);
        bytes += row.body.length;
        if (bytes >= pieceBytes) flush();
      }
    }
    flush();
  }
}
