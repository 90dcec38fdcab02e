/** A stream of bytes, in pieces. */
export interface Bytes {
  /** The next piece, with `rest` before it; null at the end. The caller may keep and change it. One call at a time. */
  next(rest?: Buffer): Promise<Buffer | null>;
}

/** `piece`, with `rest` before it. */
export function joined(rest: Buffer | undefined, piece: Buffer): Buffer {
  return rest === undefined || rest.length === 0 ? piece : Buffer.concat([rest, piece]);
}

/** Bytes that can be put back after they were read. */
export class Unread implements Bytes {
  readonly #bytes: Bytes;
  #back: Buffer | undefined;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  async next(rest?: Buffer): Promise<Buffer | null> {
    const piece = this.#back;
    if (piece === undefined) return this.#bytes.next(rest);
    this.#back = undefined;
    return joined(rest, piece);
  }

  /** These bytes are read next. */
  putBack(piece: Buffer): void {
    if (piece.length > 0) this.#back = piece;
  }

  /** The next `count` bytes; fewer if the stream ends before. */
  async take(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    const all = this.#back;
    this.#back = undefined;
    if (all !== undefined) this.putBack(all.subarray(bytes.length));
    return bytes;
  }

  /** The same bytes, without consuming them. */
  async peek(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let length = 0;
    while (length < count) {
      const piece = await this.next();
      if (piece === null) break;
      pieces.push(piece);
      length += piece.length;
    }
    const all = Buffer.concat(pieces, length);
    this.putBack(all);
    return all.subarray(0, count);
  }

  /** All bytes that were put back, and the next piece if there is one, without consuming them. */
  async peekMore(): Promise<{ bytes: Buffer; isAtEnd: boolean }> {
    const back = this.#back ?? Buffer.alloc(0);
    const more = await this.#bytes.next(back);
    const bytes = more ?? back;
    this.putBack(bytes);
    return { bytes, isAtEnd: more === null };
  }

  /** Reads and drops the next `count` bytes; fewer if the stream ends before. */
  async drop(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const piece = await this.next();
      if (piece === null) return;
      if (piece.length > left) this.putBack(piece.subarray(left));
      left -= piece.length;
    }
  }
}
