import { lineFeeds } from '../../core/line-feeds.ts';
import { oversizedBytes, type Meta, type RecordChunk } from '../../sources/port.ts';
import type { Bytes } from './bytes.ts';
import { comparedBytes, digestOf, type FileCursor } from './cursor.ts';
import type { RecordSplitter } from './splitter.ts';

/** The most records in a chunk, because a chunk is stored as one frame. */
const chunkRecords = 1024;

export interface RecordsToRead {
  readonly name: string;
  readonly bytes: Bytes;
  readonly splitter: RecordSplitter;
  readonly meta: Meta;
  /** Where `bytes` begin in the file: between two records. */
  readonly offset: number;
  readonly line: number;
  /** The part of a cursor that identifies the file; undefined where there are no cursors. */
  readonly file: Pick<FileCursor, 'file' | 'isCompressed' | 'head'> | undefined;
}

/**
 * Reads records to the end. Each piece of the file becomes one or more chunks; a record that is cut off waits for the
 * next piece.
 */
export async function* recordChunks(source: RecordsToRead): AsyncGenerator<RecordChunk> {
  const records = new Records(source);
  for (;;) {
    const bytes = await source.bytes.next(records.rest);
    yield* records.take(bytes ?? records.rest, bytes === null);
    if (bytes === null) return;
  }
}

class Records {
  readonly #source: RecordsToRead;
  /** The position up to which records have been found. */
  #place: { byte: number; line: number };
  /** What begins at that position: a record, or the rest of a record that is too long. */
  rest: Buffer = empty;
  /** A record that is too long, as far as it has been read. Only its beginning is kept. */
  #tooLong: { start: { byte: number; line: number }; kept: Buffer } | undefined;

  constructor(source: RecordsToRead) {
    this.#source = source;
    this.#place = { byte: source.offset, line: source.line };
  }

  /** The chunks in `bytes`, which begin with `rest`. */
  *take(bytes: Buffer, isLast: boolean): Generator<RecordChunk> {
    const { splitter } = this.#source;
    let at = 0;
    // A record that is too long may end where the file ends, with no text left.
    for (let isOver = bytes.length === 0 && !(isLast && this.#tooLong); !isOver; isOver = at >= bytes.length) {
      if (this.#tooLong !== undefined) {
        const end = splitter.lineEndAfter(bytes, at);
        // A line end that is cut off will be found with the next piece.
        const until = end !== -1 ? end : isLast ? bytes.length : Math.max(at, bytes.length - splitter.lineEndBytes + 1);
        this.#keep(bytes.subarray(at, until));
        at = this.#pass(bytes, at, until);
        if (end === -1 && !isLast) break;
        yield this.#endOfTooLong(end !== -1);
      }
      at = this.#pass(bytes, at, splitter.skipBlank(bytes, at));
      const ends: number[] = [];
      const { isTooLong } = splitter.split(bytes, at, isLast, ends);
      for (let first = 0; first < ends.length; first += chunkRecords) {
        const some = ends.slice(first, first + chunkRecords);
        const start = { place: this.#place, at };
        at = this.#pass(bytes, at, some.at(-1)!);
        yield this.#chunk(bytes, start, some);
      }
      if (!isTooLong) break;
      this.#tooLong = { start: this.#place, kept: empty };
    }
    this.rest = bytes.subarray(at);
  }

  /** A chunk of the records that begin at `start` and end at `ends`. Moves past them. */
  #chunk(
    bytes: Buffer,
    start: { place: { byte: number; line: number }; at: number },
    ends: readonly number[],
  ): RecordChunk {
    const { name, meta, splitter } = this.#source;
    const { place, at } = start;
    const end = ends.at(-1)!;
    const lastStart = ends.at(-2) ?? at;
    return {
      bytes: bytes.subarray(at, end),
      ends: at === 0 ? ends : ends.map((each) => each - at),
      meta,
      at: { file: name, ...place },
      ...this.#cursor(
        {
          start: place.byte + lastStart - at,
          bytes: bytes.subarray(lastStart, Math.min(end, lastStart + comparedBytes)),
        },
        splitter.lineEndAfter(bytes, Math.max(0, end - splitter.lineEndBytes)) === end,
      ),
    };
  }

  #endOfTooLong(isLineEnded: boolean): RecordChunk {
    const { name, meta } = this.#source;
    const { start, kept } = this.#tooLong!;
    this.#tooLong = undefined;
    return {
      bytes: kept,
      ends: [kept.length],
      length: this.#place.byte - start.byte,
      meta,
      at: { file: name, ...start },
      ...this.#cursor({ start: start.byte, bytes: kept.subarray(0, comparedBytes) }, isLineEnded),
    };
  }

  #keep(bytes: Buffer): void {
    const { kept } = this.#tooLong!;
    const missing = oversizedBytes - kept.length;
    if (missing > 0) this.#tooLong!.kept = Buffer.concat([kept, bytes.subarray(0, missing)]);
  }

  #cursor(last: { start: number; bytes: Buffer }, isLineEnded: boolean): { cursor?: FileCursor } {
    const { file } = this.#source;
    if (file === undefined) return {};
    const { byte: offset, line } = this.#place;
    const { start, bytes } = last;
    return {
      cursor: {
        version: 1,
        ...file,
        offset,
        line,
        last: { start, bytes: bytes.length, digest: digestOf(bytes) },
        isLineEnded,
      },
    };
  }

  /** Moves to `to`, and returns it. */
  #pass(bytes: Buffer, from: number, to: number): number {
    const { byte, line } = this.#place;
    this.#place = { byte: byte + to - from, line: line + lineFeeds(bytes, from, to) };
    return to;
  }
}

const empty = Buffer.alloc(0);
