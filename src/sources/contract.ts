/**
 * Everything that a source promises, as cases that any test runner can run. A case gets a source with a place of its
 * own, which holds a few items, and rejects if the source breaks a promise:
 *
 *     const features = { resumes: 'by cursor', yields: 'items', settles: true } as const;
 *     for (const { name, run } of sourceContract(features)) it(name, () => run(() => mySourceWithItsOwnPlace()));
 *
 * The cases treat the source as the engine does: cursors and metas are kept as JSON, `stored` is called after the items
 * are committed, `settled` in order, and a process may end between any two calls.
 */
import assert from 'node:assert/strict';
import { systemClock, type Clock } from '../core/clock.ts';
import { bareContext, casesOf, turns } from '../core/contract.ts';
import { parseJson, writeJson } from '../core/json.ts';
import {
  isDeterministic,
  isRecordError,
  oversizedBytes,
  type Chunk,
  type DecoderOf,
  type OpenContext,
  type OpenSource,
  type RecordChunk,
  type Resumes,
  type SourceSpec,
} from './port.ts';

/** Which of the promises apply to a source. A case fails if the specification says otherwise. */
export interface SourceFeatures {
  readonly resumes: Resumes;
  readonly yields: 'items' | 'records';
  /** Default: false. */
  readonly settles?: boolean;
  /** It never ends by itself. Default: false. */
  readonly endless?: boolean;
}

/** A source with a place of its own. */
export interface SourceUnderTest {
  readonly spec: SourceSpec<unknown, string>;
  /**
   * The items that it yields from start to end, as `process` gets them. For a malformed record: a `RecordError` with
   * the same message; for an oversized record: `{ length }` with its true length. A dozen items, in several chunks, are
   * enough.
   */
  readonly items: readonly unknown[];
  /** How many items the source has taken from its place so far, if that can be seen. */
  readonly taken?: () => number;
  /** How many items the source has dealt with as settled. Needed if it settles. */
  readonly settledItems?: () => number | Promise<number>;
  /**
   * Resolves when the source, which is being read, has yielded everything that its place holds and waits for more. Called
   * each time that reading begins. Needed if it is endless.
   */
  readonly caughtUp?: () => Promise<void>;
  /** Additional properties of each context for this source, such as a `fetch`. */
  readonly context?: Partial<OpenContext>;
  /** Time for the source's waits. Default: the machine's clock. */
  readonly clock?: Clock;
  readonly dispose?: () => void | Promise<void>;
}

export interface SourceCase {
  readonly name: string;
  readonly run: (create: () => SourceUnderTest | Promise<SourceUnderTest>) => Promise<void>;
}

/** The cases for a source with these features. */
export function sourceContract(features: SourceFeatures): readonly SourceCase[] {
  const cases = [
    ...common,
    ...(features.resumes === 'not' ? [] : repeatable),
    ...(features.resumes === 'by cursor' ? resuming : []),
    ...(features.yields === 'records' ? records : []),
    ...(features.settles ? settling : []),
  ];
  return casesOf(cases, {
    open: (subject: SourceUnderTest) => new Place(subject),
    prepare: async (place) => {
      place.hasFeatures(features);
      await place.openDecoder();
    },
  });
}

interface Case {
  name: string;
  test: (place: Place) => Promise<void>;
}

// ── every source ─────────────────────────────────────────────────────────────────────────────────────────────────

const common: readonly Case[] = [
  {
    name: 'yields its items in order, and ends unless it is endless',
    test: async (place) => {
      const chunks = await place.readAll(await place.open());
      assert.deepEqual(place.itemsOf(chunks), place.items);
    },
  },
  {
    name: 'yields either items or records, as it says',
    test: async (place) => {
      for (const chunk of await place.readAll(await place.open())) {
        if ('items' in chunk && chunk.items.length === 0) continue; // It only moves the cursor.
        assert.equal('items' in chunk ? 'items' : 'records', place.features.yields);
      }
    },
  },
  {
    name: 'consumes nothing when it is opened or checked',
    test: async (place) => {
      await place.end(await place.open());
      for (const _ of [1, 2]) {
        const lines = await place.check();
        assert.ok(
          lines.every((line) => typeof line === 'string'),
          'check resolves to lines of text',
        );
      }
      assert.deepEqual(place.itemsOf(await place.readAll(await place.open())), place.items);
    },
  },
  {
    name: 'takes no more from its place while no chunk is requested',
    test: async (place) => {
      const source = await place.open();
      const iterator = place.iterate(source);
      const chunks = [await nextChunk(iterator)];
      await turns();
      const taken = place.taken();
      if (taken !== undefined) {
        assert.ok(taken < place.items.length, 'it takes everything at once: give it more items than it reads ahead');
      }
      await turns();
      assert.equal(place.taken(), taken, 'it takes more, although no chunk was requested');
      chunks.push(...(await restOf(iterator)));
      assert.deepEqual(place.itemsOf(chunks.filter((chunk) => chunk !== undefined)), place.items);
    },
  },
  {
    name: 'closes after a stop between two chunks',
    test: async (place) => {
      const source = await place.open();
      const iterator = place.iterate(source);
      await nextChunk(iterator);
      await iterator.return?.();
      place.stop(source);
      await place.end(source);
    },
  },
  {
    name: 'closes after a stop while a chunk is being read',
    test: async (place) => {
      const source = await place.open();
      const iterator = place.iterate(source);
      // The engine waits for neither of them.
      ignored(iterator.next());
      ignored(iterator.return?.());
      place.stop(source);
      await place.end(source);
    },
  },
  {
    name: 'hears what is stored in order, while it is read, and perhaps only the newest',
    test: async (place) => {
      const source = await place.open();
      const chunks: Chunk[] = [];
      for await (const chunk of place.chunks(source)) {
        chunks.push(chunk);
        // Every other cursor is skipped: the next report covers it.
        if (chunk.cursor !== undefined && chunks.length % 2 === 0) await source.stored?.(asJson(chunk.cursor));
      }
      assert.deepEqual(place.itemsOf(chunks), place.items);
      const last = chunks.findLast(({ cursor }) => cursor !== undefined);
      if (last !== undefined && chunks.indexOf(last) % 2 === 0) await source.stored?.(asJson(last.cursor));
      await place.end(source);
    },
  },
];

// ── sources that can be read again ───────────────────────────────────────────────────────────────────────────────

const repeatable: readonly Case[] = [
  {
    name: 'yields again what was read but not stored',
    test: async (place) => {
      await place.readAll(await place.open());
      const again = await place.open({ isReopened: true });
      assert.deepEqual(place.itemsOf(await place.readAll(again)), place.items);
    },
  },
  {
    name: 'resumes at any item, also in the middle of a chunk',
    test: async (place) => {
      const chunks = await place.readAll(await place.open());
      for (let stored = 0; stored <= place.items.length; stored++) {
        const { cursor, count } = positionAfter(chunks, stored);
        if (count > 0 && !place.isDeterministic) continue; // Items are not counted: it resumes only at its cursors.
        const source = await place.open({ cursor, isReopened: true });
        const left = place.itemsOf(await place.readAll(source)).slice(count);
        assert.deepEqual(left, place.items.slice(stored), `resumed after item ${stored}`);
      }
    },
  },
  {
    name: 'yields every item once if the process ends after each chunk',
    test: async (place) => {
      if (!place.isDeterministic) return; // Items after a cursor may come twice.
      const read: unknown[] = [];
      let position: Position = { cursor: undefined, count: 0 };
      // Each process except the last reads a new item.
      for (let process = 0; process <= place.items.length; process++) {
        const source = await place.open({ cursor: position.cursor, isReopened: process > 0 });
        const iterator = place.iterate(source);
        const next = await readNew(iterator, position);
        if (next === undefined) {
          assert.deepEqual(read, place.items);
          return;
        }
        read.push(...place.itemsOf([next.chunk]).slice(next.skipped));
        position = next.position;
        if (position.count === 0) await source.stored?.(position.cursor);
        await iterator.return?.();
        place.stop(source);
        await place.end(source);
      }
      assert.fail('it yields more items than it has');
    },
  },
];

const resuming: readonly Case[] = [
  {
    name: 'reports cursors that are plain data',
    test: async (place) => {
      const chunks = await place.readAll(await place.open());
      const cursors = chunks.flatMap(({ cursor }) => (cursor === undefined ? [] : [cursor]));
      assert.notEqual(cursors.length, 0, 'a source that resumes by cursor reports at least one');
      for (const cursor of cursors) {
        isPlain(cursor, 'a cursor');
        assert.ok(Buffer.byteLength(writeJson(cursor)) <= mostCursorBytes, 'a cursor takes at most 1 MiB as JSON');
      }
    },
  },
  {
    name: 'yields nothing after its last cursor',
    test: async (place) => {
      const chunks = await place.readAll(await place.open());
      const { cursor, count } = positionAfter(chunks, place.items.length);
      const source = await place.open({ cursor, isReopened: true });
      assert.deepEqual(place.itemsOf(await place.readAll(source)).slice(count), []);
    },
  },
];

const mostCursorBytes = 1024 * 1024;

// ── raw records ──────────────────────────────────────────────────────────────────────────────────────────────────

const records: readonly Case[] = [
  {
    name: 'says where each record ends: the ends rise, and the last one is where the bytes end',
    test: async (place) => {
      for (const { bytes, ends, length, at } of await place.readRecords()) {
        assert.ok(Buffer.isBuffer(bytes), 'the bytes are a Buffer');
        const all = [0, ...Array.from(ends)];
        for (let i = 1; i < all.length; i++) {
          assert.ok(Number.isInteger(all[i]) && all[i]! > all[i - 1]!, `end ${all[i]} comes after end ${all[i - 1]}`);
        }
        assert.equal(all.at(-1), bytes.length);
        if (length !== undefined) {
          assert.equal(ends.length, 1, 'an oversized record has a chunk of its own');
          assert.ok(bytes.length <= oversizedBytes && length >= bytes.length, 'only its beginning is kept');
        }
        if (at !== undefined) assert.ok(at.byte >= 0 && at.line >= 1, 'bytes count from 0, lines from 1');
      }
    },
  },
  {
    name: 'says where in its file each chunk begins',
    test: async (place) => {
      const ends = new Map<string, { byte: number; line: number }>();
      for (const { bytes, at, length } of await place.readRecords()) {
        if (at === undefined) continue;
        const { byte, line } = ends.get(at.file) ?? { byte: 0, line: 1 };
        assert.ok(at.byte >= byte && at.line >= line, `${at.file}: a chunk begins before the previous one ends`);
        ends.set(at.file, { byte: at.byte + (length ?? bytes.length), line: at.line });
      }
    },
  },
  {
    name: 'decodes records with a meta that was kept as JSON, with a version',
    test: async (place) => {
      const chunks = await place.readRecords();
      for (const { meta } of chunks) {
        isPlain(meta, 'a meta');
        assert.ok(Number.isInteger(meta.version), 'a meta has a version');
      }
      assert.deepEqual(
        chunks.flatMap((chunk) => place.decoded(chunk)),
        place.items,
      );
    },
  },
  {
    name: 'decodes records to the same items whether they come together or in pieces',
    test: async (place) => {
      for (const chunk of await place.readRecords()) {
        if (chunk.length !== undefined) continue;
        const whole = place.decoded(chunk);
        for (let cut = 0; cut <= whole.length; cut++) {
          const pieces = [...place.decoded(chunk, 0, cut), ...place.decoded(chunk, cut, whole.length)];
          assert.deepEqual(pieces, whole, `cut before record ${cut}`);
          if (cut < whole.length) {
            assert.deepEqual(place.decoded(chunk, cut, cut + 1), [whole[cut]], `record ${cut} alone`);
          }
        }
      }
    },
  },
];

// ── settled ──────────────────────────────────────────────────────────────────────────────────────────────────────

const settling: readonly Case[] = [
  {
    name: 'deals with what is settled, in order, and with nothing else',
    test: async (place) => {
      const source = await place.open();
      const reached = reports(await place.readAll(source, { isKeptOpen: true }));
      assert.equal(await place.settledItems(), 0, 'reading and storing settles nothing');
      for (const { cursor, items } of reached) {
        await source.settled!(asJson(cursor));
        assert.equal(await place.settledItems(), items);
      }
      await place.end(source);
    },
  },
  {
    name: 'deals with everything before a cursor, if it only hears of the newest',
    test: async (place) => {
      const source = await place.open();
      const { cursor, items } = reports(await place.readAll(source, { isKeptOpen: true })).at(-1)!;
      await source.settled!(asJson(cursor));
      assert.equal(await place.settledItems(), items);
      await place.end(source);
    },
  },
  {
    name: 'hears the same again without harm, in this process and in the next',
    test: async (place) => {
      const source = await place.open();
      const reached = reports(await place.readAll(source, { isKeptOpen: true }));
      const { cursor, items } = reached[Math.floor((reached.length - 1) / 2)]!;
      for (const _ of [1, 2]) await source.settled!(asJson(cursor));
      await place.end(source);
      const next = await place.open({ cursor: asJson(cursor), isReopened: true });
      await next.settled!(asJson(cursor));
      assert.equal(await place.settledItems(), items);
      await place.end(next);
    },
  },
  {
    name: 'deals with what is settled in a process that never reads',
    test: async (place) => {
      const reached = reports(await place.readAll(await place.open()));
      const end = asJson(reached.at(-1)!.cursor);
      for (const { cursor, items } of reached) {
        const source = await place.open({ cursor: end, isReopened: true });
        await source.settled!(asJson(cursor));
        assert.equal(await place.settledItems(), items);
        await place.end(source);
      }
    },
  },
  {
    name: 'deals with what is settled while it is read, and still yields the rest',
    test: async (place) => {
      const source = await place.open();
      const chunks: Chunk[] = [];
      for await (const chunk of place.chunks(source)) {
        chunks.push(chunk);
        if (chunk.cursor !== undefined) await source.settled!(asJson(chunk.cursor));
      }
      assert.deepEqual(place.itemsOf(chunks), place.items);
      assert.equal(await place.settledItems(), reports(chunks).at(-1)!.items);
      await place.end(source);
    },
  },
  {
    name: 'resumes after a cursor whose items are settled',
    test: async (place) => {
      const reached = reports(await place.readAll(await place.open()));
      for (const { cursor, items } of reached) {
        const source = await place.open({ cursor: asJson(cursor), isReopened: true });
        await source.settled!(asJson(cursor));
        assert.deepEqual(place.itemsOf(await place.readAll(source)), place.items.slice(items));
      }
    },
  },
];

// ── positions ────────────────────────────────────────────────────────────────────────────────────────────────────

/** As the engine keeps it: a cursor, and how many items follow it. */
interface Position {
  readonly cursor: unknown;
  readonly count: number;
}

function countOf(chunk: Chunk): number {
  return 'items' in chunk ? chunk.items.length : chunk.ends.length;
}

function after({ cursor, count }: Position, chunk: Chunk): Position {
  if (chunk.cursor !== undefined) return { cursor: asJson(chunk.cursor), count: 0 };
  return { cursor, count: count + countOf(chunk) };
}

/** Where the source resumes when `stored` of its items are stored. */
function positionAfter(chunks: readonly Chunk[], stored: number): Position {
  let position: Position = { cursor: undefined, count: 0 };
  let left = stored;
  for (const chunk of chunks) {
    const count = countOf(chunk);
    if (count > left) return { ...position, count: position.count + left };
    position = after(position, chunk);
    left -= count;
  }
  return position;
}

/** Each cursor that the chunks report, with the number of items that it covers. */
function reports(chunks: readonly Chunk[]): { cursor: unknown; items: number }[] {
  let items = 0;
  const found: { cursor: unknown; items: number }[] = [];
  for (const chunk of chunks) {
    items += countOf(chunk);
    if (chunk.cursor !== undefined) found.push({ cursor: chunk.cursor, items });
  }
  assert.notEqual(found.length, 0, 'a source that settles reports cursors');
  return found;
}

/** Reads from a position, up to and including the first chunk with a new item; undefined if there is none. */
async function readNew(
  iterator: Iterating,
  { cursor, count }: Position,
): Promise<{ chunk: Chunk; skipped: number; position: Position } | undefined> {
  let skipped = count;
  let position: Position = { cursor, count: 0 };
  for (;;) {
    const chunk = await nextChunk(iterator);
    if (chunk === undefined) return undefined;
    position = after(position, chunk);
    if (countOf(chunk) > skipped) return { chunk, skipped, position };
    skipped -= countOf(chunk);
  }
}

// ── the place ────────────────────────────────────────────────────────────────────────────────────────────────────

type Iterating = Iterator<Chunk> | AsyncIterator<Chunk>;

/** A source's place, and every process that has it open. */
class Place {
  readonly #subject: SourceUnderTest;
  readonly #open = new Map<OpenSource, AbortController>();
  #features: SourceFeatures | undefined;
  #decoderOf: DecoderOf | undefined;
  readonly items: readonly unknown[];

  constructor(subject: SourceUnderTest) {
    this.#subject = subject;
    this.items = subject.items.map(shown);
  }

  /** The same items come each time, so that the items after a cursor can be counted. */
  get isDeterministic(): boolean {
    return isDeterministic({ source: this.#subject.spec });
  }

  get features(): SourceFeatures {
    return this.#features!;
  }

  hasFeatures(features: SourceFeatures): void {
    const { spec, settledItems, caughtUp } = this.#subject;
    this.#features = features;
    assert.equal(spec.resumes, features.resumes, 'the specification says how the source resumes');
    assert.equal(spec.settles, features.settles ?? false, 'the specification says whether the source settles');
    assert.equal(
      spec.openDecoder !== undefined,
      features.yields === 'records',
      'a source of records, and no other, has a decoder',
    );
    assert.equal(
      spec.endless ?? false,
      features.endless ?? false,
      'the specification says whether the source is endless',
    );
    if (features.endless) assert.ok(caughtUp, 'an endless source is tested with `caughtUp`');
    if (features.settles) assert.ok(settledItems, 'a source that settles is tested with `settledItems`');
  }

  /** Like a consumer, once. */
  async openDecoder(): Promise<void> {
    this.#decoderOf = await this.#subject.spec.openDecoder?.({ isSecret: () => false });
  }

  async open(given: Partial<OpenContext> = {}): Promise<OpenSource> {
    const { spec, clock = systemClock, context } = this.#subject;
    const stopping = new AbortController();
    const source = await spec.open({
      ...bareContext('source', { clock, signal: stopping.signal }),
      cursor: undefined,
      previous: undefined,
      isReopened: false,
      maxItemBytes: 16 * 1024 * 1024,
      run: 'run-1',
      ...context,
      ...given,
    });
    if (spec.settles) assert.ok('settled' in source, 'a source whose specification says `settles` has `settled`');
    this.#open.set(source, stopping);
    return source;
  }

  async check(): Promise<readonly string[]> {
    const { spec, clock = systemClock, context } = this.#subject;
    return (
      (await spec.check?.({ ...bareContext('source', { clock, signal: new AbortController().signal }), ...context })) ??
      []
    );
  }

  iterate(source: OpenSource): Iterating {
    const chunks = source.read();
    const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
    return this.features.endless ? this.#untilCaughtUp(iterator) : iterator;
  }

  /** An endless source as one that ends where it waits for more. */
  #untilCaughtUp(iterator: Iterating): Iterating {
    const end = { done: true, value: undefined } as const;
    const caughtUp = this.#subject.caughtUp!().then(() => end);
    return {
      next: async () => {
        const step = await Promise.race([iterator.next(), caughtUp]);
        if (step === end) ignored(iterator.return?.());
        else assert.ok(!step.done, 'it has ended, although its specification says that it is endless');
        return step;
      },
      return: async () => (await iterator.return?.()) ?? end,
    };
  }

  async *chunks(source: OpenSource): AsyncGenerator<Chunk> {
    const iterator = this.iterate(source);
    for (let chunk = await nextChunk(iterator); chunk !== undefined; chunk = await nextChunk(iterator)) yield chunk;
  }

  /** All chunks up to the end; every cursor is reported as stored. Then the source is closed. */
  async readAll(source: OpenSource, { isKeptOpen = false } = {}): Promise<Chunk[]> {
    const chunks: Chunk[] = [];
    for await (const chunk of this.chunks(source)) chunks.push(chunk);
    if (!isKeptOpen) await this.end(source);
    return chunks;
  }

  async readRecords(): Promise<RecordChunk[]> {
    return (await this.readAll(await this.open())).filter((chunk) => 'bytes' in chunk);
  }

  /** The service stops. */
  stop(source: OpenSource): void {
    this.#open.get(source)?.abort(new Error('stopped'));
  }

  /** The process ends cleanly. */
  async end(source: OpenSource): Promise<void> {
    if (this.features.endless) this.stop(source);
    if (this.#open.delete(source)) await source.close?.();
  }

  async close(): Promise<void> {
    for (const source of this.#open.keys()) {
      this.stop(source);
      await this.end(source);
    }
    await this.#subject.dispose?.();
  }

  taken(): number | undefined {
    return this.#subject.taken?.();
  }

  async settledItems(): Promise<number> {
    return await this.#subject.settledItems!();
  }

  itemsOf(chunks: readonly Chunk[]): unknown[] {
    return chunks.flatMap((chunk) => ('items' in chunk ? chunk.items.map(shown) : this.decoded(chunk)));
  }

  /** The records `from`…`to - 1` of a chunk, as items. */
  decoded(chunk: RecordChunk, from = 0, to = chunk.ends.length): unknown[] {
    const { bytes, ends, meta, length } = chunk;
    if (length !== undefined) return [{ length }];
    if (from === to) return [];
    const start = from === 0 ? 0 : ends[from - 1]!;
    const run = {
      bytes: bytes.subarray(start, ends[to - 1]),
      ends: Uint32Array.from(Array.from(ends).slice(from, to), (end) => end - start),
    };
    const items = this.#decoderOf!(asJson(meta))(run);
    assert.equal(items.length, to - from, 'a decoder returns one item per record');
    return items.map(shown);
  }
}

async function nextChunk(iterator: Iterating): Promise<Chunk | undefined> {
  const step = await iterator.next();
  return step.done ? undefined : copyOf(step.value);
}

async function restOf(iterator: Iterating): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for (let chunk = await nextChunk(iterator); chunk !== undefined; chunk = await nextChunk(iterator))
    chunks.push(chunk);
  return chunks;
}

/** Items are copied when the chunk is taken: the source may use its objects again. */
function copyOf(chunk: Chunk): Chunk {
  return 'items' in chunk ? { ...chunk, items: structuredClone(chunk.items) } : chunk;
}

function asJson<T>(value: T): T {
  return parseJson(writeJson(value)) as T;
}

function isPlain(value: unknown, what: string): void {
  assert.deepEqual(asJson(value), value, `${what} is plain data, which JSON keeps as it is`);
}

/** A record error as its message: errors of the same text are the same. */
function shown(item: unknown): unknown {
  return isRecordError(item) ? { recordError: item.message } : item;
}

function ignored(promise: unknown): void {
  Promise.resolve(promise).catch(() => undefined);
}
