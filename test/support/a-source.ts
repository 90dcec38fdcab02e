import { defineSource, type Chunk, type OpenSource, type SourceSpec } from '../../src/sources/port.ts';

/** A source in memory that honours its port, and throws if its reader does not. */
export class ASource {
  /** How many items it has yielded, in all of its processes. */
  taken = 0;
  /** How many of its items it knows to be settled. */
  settled = 0;
  readonly spec: SourceSpec;
  readonly #chunks: readonly (readonly unknown[])[];

  constructor(chunks: readonly (readonly unknown[])[]) {
    this.#chunks = chunks;
    this.spec = defineSource({
      kind: 'memory',
      target: 'chunks in memory',
      resumes: 'by cursor',
      settles: true,
      open: ({ cursor }) => this.#open((cursor as { chunk: number } | undefined)?.chunk ?? 0),
      check: () => Promise.resolve([`${chunks.flat().length} items`]),
    });
  }

  #open(from: number): OpenSource {
    let isClosed = false;
    let read = from;
    let stored = from;
    let settled = 0;
    const hear = (what: string, chunk: number, least: number): void => {
      if (isClosed) throw new Error(`${what} came after close`);
      if (chunk < least) throw new Error(`${what} ${chunk} came after ${least}`);
    };
    const yielding = async function* (this: ASource): AsyncGenerator<Chunk> {
      for (const [i, items] of this.#chunks.entries()) {
        if (i < from) continue;
        this.taken += items.length;
        read = i + 1;
        yield { items, cursor: { chunk: read } };
      }
    };
    return {
      read: () => yielding.call(this),
      stored: (cursor) => {
        const { chunk } = cursor as { chunk: number };
        hear('stored', chunk, stored + 1);
        if (chunk > read) throw new Error(`stored ${chunk} came before that was read`);
        stored = chunk;
      },
      settled: (cursor) => {
        const { chunk } = cursor as { chunk: number };
        hear('settled', chunk, settled);
        settled = chunk;
        this.settled = Math.max(this.settled, this.#chunks.slice(0, chunk).flat().length);
      },
      close: () => {
        if (isClosed) throw new Error('close came twice');
        isClosed = true;
      },
    };
  }
}
