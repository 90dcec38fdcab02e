/**
 * Raw records, watched on both sides of the engine: as the producer hands them over, and as a consumer is about to decode
 * them. Their bytes must be the same.
 */
import { isRecordError, oversizedBytes, type DecoderOf, type RecordChunk } from '../sources/port.ts';
import { recordDigest } from './canonical.ts';

/** A decoded item on its way to the watched `process`, with the digest of the record that it was decoded from. */
export class DecodedRecord {
  readonly item: unknown;
  readonly digest: string;

  constructor(item: unknown, digest: string) {
    this.item = item;
    this.digest = digest;
  }
}

/** The digest of each record of a chunk. The engine keeps only the beginning of a record that is longer than `maxItemBytes`. */
export function digestsOf({ bytes, ends, length }: RecordChunk, maxItemBytes: number): string[] {
  if (length !== undefined) return [recordDigest(bytes.subarray(0, oversizedBytes), length)];
  return recordsOf(bytes, ends).map((record) =>
    record.length > maxItemBytes
      ? recordDigest(record.subarray(0, oversizedBytes), record.length)
      : recordDigest(record),
  );
}

/** Decoders that return each item as a DecodedRecord. `onDecode` is called before a run of records is decoded. */
export function watchedDecoders(decoderOf: DecoderOf, onDecode: () => void): DecoderOf {
  return (meta) => {
    const decoder = decoderOf(meta);
    return (run) => {
      // Before the decoder has the bytes: it might change them.
      const digests = recordsOf(run.bytes, run.ends).map((record) => recordDigest(record));
      onDecode();
      // A record that cannot be decoded never gets to `process`. Its dead letter has its bytes.
      return decoder(run).map((item, i) => (isRecordError(item) ? item : new DecodedRecord(item, digests[i] ?? '')));
    };
  };
}

function recordsOf(bytes: Buffer, ends: ArrayLike<number>): Buffer[] {
  return Array.from(ends, (end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}
