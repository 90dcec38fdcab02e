import { ProtocolError } from '../../core/errors.ts';
import { frameFromPayload, type Frame, type FrameHeader } from '../../frame/frame.ts';
import type { Results } from '../../ipc/messages.ts';

/** A row, by its position in the frame in which it arrived. */
export interface Row {
  frame: Frame;
  index: number;
}

/** Results that a consumer has sent of items that it has not settled yet, by seq. */
export class ArrivedRows {
  readonly #rows = new Map<number, Row[]>();

  /** Throws a ProtocolError if message and payload do not agree. */
  add({ seqs, ...header }: Results, payload: Buffer): void {
    // A copy: the payload is a view of what the channel has read.
    const frame = read(header, Buffer.from(payload));
    if (seqs.length !== frame.count) throw new ProtocolError(`${frame.count} results have ${seqs.length} seqs`);
    for (const [index, seq] of seqs.entries()) {
      const rows = this.#rows.get(seq);
      if (rows) rows.push({ frame, index });
      else this.#rows.set(seq, [{ frame, index }]);
    }
  }

  /** The rows of an item, which can be taken only once; undefined if it has none. */
  take(seq: number): readonly Row[] | undefined {
    const rows = this.#rows.get(seq);
    this.#rows.delete(seq);
    return rows;
  }

  clear(): void {
    this.#rows.clear();
  }
}

function read(header: FrameHeader, payload: Buffer): Frame {
  try {
    return frameFromPayload(header, payload);
  } catch (error) {
    throw new ProtocolError(`the consumer sent results that cannot be read: ${(error as Error).message}`, error);
  }
}
