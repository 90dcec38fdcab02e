/**
 * Items as raw records: bytes that make sense only with the meta of their chunk. A record that is decoded with another
 * meta, or without one of its bytes, is no item.
 */
import { createHash } from 'node:crypto';
import { FrameDecoder } from '../../../src/frame/codec.ts';
import type { Frame } from '../../../src/frame/frame.ts';
import { holdsRecords, RecordCutter } from '../../../src/frame/records.ts';
import { RecordError, type Meta, type RecordChunk, type RecordDecoder } from '../../../src/sources/port.ts';
import type { Item } from './items.ts';

interface ShiftMeta extends Meta {
  readonly version: 1;
  /** What was added to each byte. */
  readonly shift: number;
}

const metas: readonly ShiftMeta[] = [0, 1, 2].map((shift) => ({ version: 1, shift }));

/** A chunk of these items, at least one. Chunks that begin with different items may have different metas. */
export function recordChunk(items: readonly Item[]): RecordChunk {
  const meta = metas[items[0]!.id % metas.length]!;
  const records = items.map((item) => shifted(Buffer.from(`${JSON.stringify(item)}\n`), meta.shift));
  let end = 0;
  return { bytes: Buffer.concat(records), ends: records.map(({ length }) => (end += length)), meta };
}

/** The digest of each record of a chunk or run. */
export function digestsOf({ bytes, ends }: Pick<RecordChunk, 'bytes' | 'ends'>): string[] {
  return slices(bytes, ends).map((record) => createHash('sha256').update(record).digest('hex').slice(0, 12));
}

export function decodeRecords(meta: Meta): RecordDecoder {
  const { shift } = meta as ShiftMeta;
  return ({ bytes, ends }) =>
    slices(bytes, ends).map((record): unknown => {
      try {
        return JSON.parse(shifted(record, -shift).toString());
      } catch (error) {
        return new RecordError('this is no item', { cause: error });
      }
    });
}

/** The ids of a frame's items, whether they are encoded or raw records; -1 for a record that cannot be decoded. */
export function idsIn(frame: Frame): number[] {
  if (!holdsRecords(frame)) {
    const decoder = new FrameDecoder();
    return Array.from({ length: frame.count }, (_, index) => (decoder.decode(frame, index) as Item).id);
  }
  const cutter = new RecordCutter(frame);
  return Array.from({ length: frame.count }, (_, index) => {
    const run = cutter.cut(index, index, 0);
    const [item] = decodeRecords(run.meta)(run);
    return item instanceof RecordError ? -1 : (item as Item).id;
  });
}

function slices(bytes: Buffer, ends: ArrayLike<number>): Buffer[] {
  return Array.from(ends, (end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

function shifted(bytes: Buffer, by: number): Buffer {
  return Buffer.from(bytes.map((byte) => byte + by));
}
