import { configError, type MillraceError } from '../core/errors.ts';
import { show } from '../core/show.ts';
import { placeIn, type Records } from '../frame/records.ts';
import { oversizedBytes, type Chunk, type ItemChunk, type RecordChunk } from '../sources/port.ts';

/** Checks a chunk from a source. Throws an error for exit 78. */
export function checkedChunk(value: unknown): Chunk {
  if (typeof value !== 'object' || value === null) throw wrongChunk(`got ${show(value)}`);
  const { items, bytes, ends, meta } = value as Partial<ItemChunk & RecordChunk>;
  if (Array.isArray(items)) return value as ItemChunk;
  if (!Buffer.isBuffer(bytes)) throw wrongChunk('got an object with neither');
  if (typeof ends?.length !== 'number') throw wrongChunk(`got \`ends\` that are ${show(ends)}`);
  if (typeof meta !== 'object' || meta === null) throw wrongChunk(`got a \`meta\` that is ${show(meta)}`);
  return value as RecordChunk;
}

function wrongChunk(got: string): MillraceError {
  return configError(
    'SOURCE',
    `source: expected chunks with a list of \`items\`, or with \`bytes\`, \`ends\` and \`meta\`; ${got}`,
  );
}

/** Some of the records of a chunk: `from`…`to - 1`. */
export interface RecordSpan {
  records: Records;
  from: number;
  to: number;
}

/**
 * The records of a chunk: as one span, unless some of them are longer than `maxItemBytes`. Each of those becomes a span of
 * its own, of its first bytes. Throws an error for exit 78 if the ends do not fit the bytes.
 */
export function spansOf(chunk: RecordChunk, kind: string, maxItemBytes: number): RecordSpan[] {
  const { bytes, ends, meta, at, length } = chunk;
  const records: Records = { kind, bytes, ends, meta, at };
  const count = ends.length;
  if (length !== undefined) {
    if (count !== 1) throw wrongEnds(`one record in the chunk of an oversized one, got ${count}`);
    return [{ records: head(bytes, length), from: 0, to: 1 }];
  }
  const spans: RecordSpan[] = [];
  let from = 0;
  let previous = 0;
  for (let i = 0; i < count; i++) {
    const end = ends[i]!;
    // Also true for values that are not numbers.
    if (!(end > previous)) throw wrongEnds(`record ${i} to end after ${previous}, got ${String(end)}`);
    if (end - previous > maxItemBytes) {
      if (i > from) spans.push({ records, from, to: i });
      const own = { ...head(bytes.subarray(previous, end), end - previous), at: placeIn(records, previous) };
      spans.push({ records: own, from: 0, to: 1 });
      from = i + 1;
    }
    previous = end;
  }
  if (previous !== bytes.length) throw wrongEnds(`the last record to end at ${bytes.length}, got ${previous}`);
  if (from < count) spans.push({ records, from, to: count });
  return spans;

  function head(whole: Buffer, trueLength: number): Records {
    const kept = whole.subarray(0, oversizedBytes);
    return { kind, bytes: kept, ends: [kept.length], meta, at, length: trueLength };
  }
}

function wrongEnds(expected: string): MillraceError {
  return configError(
    'SOURCE',
    `source: expected ${expected}. The \`ends\` of a chunk rise to the length of its \`bytes\``,
  );
}
