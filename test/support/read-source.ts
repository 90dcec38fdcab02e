/** Reads a source as the engine does, without processes. */
import { systemClock } from '../../src/core/clock.ts';
import {
  isRecordError,
  type DecoderContext,
  type OpenContext,
  type RecordChunk,
  type SourceSpec,
} from '../../src/sources/port.ts';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export function openContext(given: Partial<OpenContext> = {}): OpenContext {
  const unused = (): never => {
    throw new Error('a file needs no calls');
  };
  return {
    cursor: undefined,
    previous: undefined,
    isReopened: false,
    maxItemBytes: 16 * 1024 * 1024,
    clock: systemClock,
    run: '1',
    params: {},
    resolve: String,
    fetch: unused,
    limit: unused,
    log,
    signal: new AbortController().signal,
    ...given,
  };
}

/** All chunks from the cursor on. */
export async function readChunks(spec: SourceSpec, given: Partial<OpenContext> = {}): Promise<RecordChunk[]> {
  const source = await spec.open(openContext(given));
  const chunks: RecordChunk[] = [];
  try {
    for await (const chunk of source.read()) chunks.push(chunk as RecordChunk);
  } finally {
    await source.close?.();
  }
  return chunks;
}

/** The items that consumers get from the chunks, with an error message in place of a record that cannot be decoded. */
export async function decoded(
  spec: SourceSpec,
  chunks: readonly RecordChunk[],
  context: DecoderContext = { isSecret: () => false },
): Promise<unknown[]> {
  const decoderOf = await spec.openDecoder!(context);
  return chunks
    .filter(({ length }) => length === undefined)
    .flatMap(({ bytes, ends, meta }) => {
      const stored = JSON.parse(JSON.stringify(meta)) as typeof meta;
      return decoderOf(stored)({ bytes, ends: Uint32Array.from(ends) });
    })
    .map((item) => (isRecordError(item) ? item.message : item));
}

export async function readItems(spec: SourceSpec, given: Partial<OpenContext> = {}): Promise<unknown[]> {
  return await decoded(spec, await readChunks(spec, given));
}
