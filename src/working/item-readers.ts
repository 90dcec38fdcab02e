import { configError, errorData } from '../core/errors.ts';
import type { Redaction } from '../core/redaction.ts';
import { formatBytes } from '../core/units.ts';
import { writeJson } from '../core/json.ts';
import { FrameDecoder } from '../frame/codec.ts';
import type { Frame } from '../frame/frame.ts';
import { holdsRecords, RecordCutter, type Meta, type MetaRun } from '../frame/records.ts';
import {
  isRecordError,
  isSourceSpec,
  RecordError,
  type DecoderOf,
  type RecordDecoder,
  type SourceSpec,
} from '../sources/port.ts';
import type { ReadItem } from './slots.ts';

/** Records are decoded in runs of up to about this many bytes: their items stay in memory until they run. */
const stretchBytes = 128 * 1024;

/** Decoders that are kept: frames of several files may be in the queue. */
const keptDecoders = 16;

export interface ItemReadersOptions {
  /** Of the pipeline. */
  source: unknown;
  /** From `openDecoder`. */
  decoderOf: DecoderOf | undefined;
  /** Called with an error for exit 78 if the source cannot decode what is in the queue. */
  fail: (error: unknown) => void;
}

/** Opens the decoders of the source's raw records, if it can yield any. */
export async function openDecoder(
  source: unknown,
  redaction: Pick<Redaction, 'isSecret'>,
): Promise<DecoderOf | undefined> {
  if (!isSourceSpec(source)) return undefined;
  return await source.openDecoder?.({ isSecret: (name, value) => redaction.isSecret(name, value) });
}

/**
 * Reads the items of frames in a consumer. Encoded items are decoded one by one. Raw records are decoded in runs with
 * the source's decoder, but never beyond the last one that counts as started: a record may bring down the process that
 * decodes it.
 */
export class ItemReaders {
  readonly #items = new FrameDecoder();
  readonly #source: SourceSpec<unknown, string> | undefined;
  readonly #decoderOf: DecoderOf | undefined;
  readonly #decoders = new Map<string, RecordDecoder>();
  readonly #fail: (error: unknown) => void;

  constructor({ source, decoderOf, fail }: ItemReadersOptions) {
    this.#source = isSourceSpec(source) ? source : undefined;
    this.#decoderOf = decoderOf;
    this.#fail = fail;
  }

  reader(frame: Frame): ReadItem {
    return holdsRecords(frame) ? this.#recordReader(frame) : this.#items.reader(frame);
  }

  #recordReader(frame: Frame): ReadItem {
    let cutter: RecordCutter | undefined;
    const decoders: RecordDecoder[] = [];
    // The decoded run, and the index of its first record in the frame.
    let items: readonly unknown[] = [];
    let first = 0;
    return (index, last) => {
      if (index < first || index >= first + items.length) {
        cutter ??= new RecordCutter(frame);
        const run = cutter.cut(index, last, stretchBytes);
        const decode = (decoders[run.metaIndex] ??= this.#decoderFor(cutter.kind, run.meta));
        items = decoded(run, decode);
        first = index;
      }
      const item = items[index - first];
      if (isRecordError(item)) throw this.#source?.onBadRecord === 'fail' ? endingRun(item) : item;
      return item;
    };
  }

  #decoderFor(kind: string, meta: Meta): RecordDecoder {
    const key = writeJson(meta);
    let decoder = this.#decoders.get(key);
    if (!decoder) {
      decoder = this.#makeDecoder(kind, meta);
      if (this.#decoders.size >= keptDecoders) this.#decoders.delete(this.#decoders.keys().next().value!);
      this.#decoders.set(key, decoder);
    }
    return decoder;
  }

  #makeDecoder(kind: string, meta: Meta): RecordDecoder {
    const source = this.#source;
    try {
      if (source?.kind !== kind || !this.#decoderOf)
        throw unreadable(kind, `the source is ${source ? source.kind : 'a function or iterable'}`);
      return this.#decoderOf(meta);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }
}

function unreadable(kind: string, why: string): Error {
  return configError(
    'RECORDS',
    `the queue holds records that a ${kind} source has read, and only such a source can decode them, but ${why}. ` +
      'Put the source back and let the run finish, or start over with --fresh (it archives the old queue).',
  );
}

/** The items of a run of records, with RecordErrors instead of malformed ones. */
function decoded(
  { bytes, ends, length }: Pick<MetaRun, 'bytes' | 'ends' | 'length'>,
  decode: RecordDecoder,
): readonly unknown[] {
  if (length !== undefined) return [oversized(length)];
  try {
    const items = decode({ bytes, ends });
    if (items.length !== ends.length) throw new Error(`${ends.length} records were decoded into ${items.length} items`);
    return items;
  } catch (error) {
    // The record that is to blame is found when they are decoded one by one.
    return ends.length > 1 ? oneByOne(bytes, ends, decode) : [asRecordError(error)];
  }
}

function oneByOne(bytes: Buffer, ends: Uint32Array, decode: RecordDecoder): unknown[] {
  return Array.from(ends, (end, i) => {
    const start = i === 0 ? 0 : ends[i - 1]!;
    return decoded(
      { bytes: bytes.subarray(start, end), ends: Uint32Array.of(end - start), length: undefined },
      decode,
    )[0];
  });
}

function oversized(length: number): RecordError {
  return new RecordError(
    `the record takes ${formatBytes(length)} (${length} bytes), more than maxItemBytes; only its beginning is kept. Raise --max-item-bytes, or the source's own maxItemBytes`,
  );
}

function endingRun({ message, cause }: RecordError): RecordError {
  return new RecordError(message, { cause, endsRun: true });
}

function asRecordError(error: unknown): RecordError {
  return isRecordError(error)
    ? error
    : new RecordError(`decoding failed: ${errorData(error).message}`, { cause: error });
}
