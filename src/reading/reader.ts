import { parseJson, writeJson } from '../core/json.ts';
import type { Clock } from '../core/clock.ts';
import { configError, errorData, type MillraceError } from '../core/errors.ts';
import { show } from '../core/show.ts';
import { isThenable } from '../core/thenable.ts';
import { FrameDecoder, FrameEncoder, itemDigest } from '../frame/codec.ts';
import type { SourcePosition } from '../frame/position.ts';
import type { Outlet } from './outlet.ts';
import { Turn } from './turn.ts';

/** For so long a source that never waits is read at a stretch. */
const turnMs = 5;

type SourceIterator = Iterator<unknown> | AsyncIterator<unknown>;

export interface ReaderOptions {
  clock: Clock;
  /** Opens the source at a cursor (undefined: at its start). What it returns is the pipeline's: anything at all. */
  open: (cursor: unknown, checkpoint: (cursor: unknown) => void) => unknown;
  position: SourcePosition;
  /** False: the source may yield something else than it did, so nothing is skipped. */
  deterministic: boolean;
  outlet: Outlet;
  /** The gate that the supervisor's throttle closes. */
  throttle: { readonly isOn: boolean; lowered: () => Promise<void> };
}

/**
 * Reads the source from where it stood to its end, into the outlet.
 *
 * The place of an item is the last checkpoint and how many items the source has yielded since, skipped ones included.
 * It is a counter, never a difference of seqs: a checkpoint may fall inside the skipped items.
 */
export class Reader {
  readonly #options: ReaderOptions;
  #cursor: string | null;
  #count = 0;
  #isStopped = false;
  #iterator: SourceIterator | undefined;
  readonly #turn: Turn;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#cursor = options.position.cursor;
    this.#turn = new Turn(options.clock, turnMs);
  }

  /** The source's place after what it has yielded so far. */
  get position(): SourcePosition {
    return { cursor: this.#cursor, count: this.#count, digest: null };
  }

  /**
   * Reads to the end. Resolves to false if it was stopped before. Rejects if the source throws, and with an error for
   * exit 78 if it is none, yields what cannot be carried, or is not the one that was read before.
   */
  async read(): Promise<boolean> {
    const { open, position, outlet, throttle } = this.#options;
    const cursor: unknown = position.cursor === null ? undefined : parseJson(position.cursor);
    const iterator = iteratorOf(open(cursor, (next) => this.#checkpoint(next)));
    this.#iterator = iterator;
    await this.#skip(iterator);

    while (!this.#isStopped) {
      if (throttle.isOn) await throttle.lowered();
      if (outlet.isFull) await outlet.hasRoom();
      if (this.#isStopped) break;
      let step = iterator.next();
      if (isPromise(step)) step = await step;
      // What came after the stop was never stored, so it comes again.
      if (this.#isStopped) break;
      if (isDone(step)) return true;
      this.#take(step.value);
      if (this.#turn.isOver()) await this.#letOthers();
    }
    return false;
  }

  /** Reads no further. What is under way in the source is dropped; it is told to clean up, which nobody waits for. */
  stop(): void {
    this.#isStopped = true;
    const cleanUp = async (): Promise<void> => {
      await this.#iterator?.return?.();
    };
    cleanUp().catch(() => undefined); // It is not read any more, so what it fails at cannot matter.
  }

  #take(item: unknown): void {
    this.#count += 1;
    try {
      if (isThenable(item)) throw new TypeError('the item is a promise; await it before it is yielded');
      this.#options.outlet.add(item, { cursor: this.#cursor, count: this.#count });
    } catch (error) {
      const after = this.#cursor === null ? '' : ` after the cursor ${shorten(this.#cursor)}`;
      throw configError('ITEM', `item ${this.#count}${after} of the source: ${(error as Error).message}`, error);
    }
  }

  #checkpoint(cursor: unknown): void {
    // A source that cleans up may cover an item that was under way when it was stopped, and is not stored.
    if (this.#isStopped) return;
    this.#cursor = cursorText(cursor);
    this.#count = 0;
    const { outlet, deterministic } = this.#options;
    outlet.covered({ cursor: this.#cursor, count: 0 }, { isToBeToldAlone: !deterministic });
  }

  /** Passes over what is stored already. */
  async #skip(iterator: SourceIterator): Promise<void> {
    const { position, deterministic } = this.#options;
    if (!deterministic) return;
    for (let skipped = 1; skipped <= position.count && !this.#isStopped; skipped++) {
      let step = iterator.next();
      if (isPromise(step)) step = await step;
      if (this.#isStopped) return;
      if (isDone(step)) throw changedSource(`it ended after ${skipped - 1} items, ${position.count} had been stored`);
      this.#count += 1;
      if (skipped === position.count) checkDigest(step.value, position);
      if (this.#turn.isOver()) await this.#letOthers();
    }
  }

  async #letOthers(): Promise<void> {
    await new Promise<void>((resolve) => this.#options.clock.soon(resolve));
    this.#turn.start();
  }
}

/** The largest cursor: each frame carries one in its header. */
const maxCursorBytes = 1024 * 1024;
/** How much of a cursor an error shows. */
const shownCursor = 200;

function cursorText(cursor: unknown): string {
  let text: string | undefined;
  try {
    text = writeJson(cursor) as string | undefined;
  } catch (error) {
    throw new TypeError(`checkpoint expects a cursor that JSON can hold: ${errorData(error).message}`, {
      cause: error,
    });
  }
  if (text === undefined) throw new TypeError(`checkpoint expects a cursor that JSON can hold, got ${show(cursor)}`);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxCursorBytes) {
    throw new TypeError(
      `checkpoint expects a cursor of at most 1 MiB of JSON, got ${bytes} bytes: it is sent and stored with every frame. ` +
        'Keep what is large elsewhere, and make the cursor say where.',
    );
  }
  return text;
}

function shorten(cursor: string): string {
  return cursor.length > shownCursor ? `${cursor.slice(0, shownCursor)}…` : cursor;
}

/** Throws if the last item that is stored is not the one that the source yields as that. */
function checkDigest(item: unknown, { count, digest }: SourcePosition): void {
  if (digest !== null && digestOf(item) !== digest)
    throw changedSource(`item ${count} is not the one that was stored as that`);
}

/** The digest of an item as a consumer would see it; undefined if it cannot be carried to one. */
function digestOf(item: unknown): string | undefined {
  const encoder = new FrameEncoder({ maxItemBytes: Infinity });
  try {
    encoder.add(item);
  } catch {
    return undefined;
  }
  return itemDigest(new FrameDecoder().decode(encoder.take(), 0));
}

function changedSource(what: string): MillraceError {
  return configError(
    'SOURCE_CHANGED',
    `the source does not yield what it yielded before: ${what}. Resumed by counting, items would be lost or come twice. ` +
      'Give it checkpoints (context.checkpoint), or `deterministic: false`, or start over with --fresh (the old queue is moved aside).',
  );
}

function iteratorOf(source: unknown): SourceIterator {
  // Object(…), because a source may be text, and `in` wants an object.
  if (Symbol.asyncIterator in Object(source)) return (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  if (Symbol.iterator in Object(source)) return (source as Iterable<unknown>)[Symbol.iterator]();
  const got = isThenable(source) ? 'a promise (was `async function` meant to be `async function*`?)' : show(source);
  throw configError('SOURCE', `source: expected something iterable (a generator, an array, a stream…), got ${got}`);
}

/** Throws if `step` is not what an iterator gives. */
function isDone(step: IteratorResult<unknown>): boolean {
  if (typeof step === 'object' && step !== null) return step.done === true;
  throw configError('SOURCE', `source: expected { value, done } from its iterator, got ${show(step)}`);
}

function isPromise(
  step: IteratorResult<unknown> | Promise<IteratorResult<unknown>>,
): step is Promise<IteratorResult<unknown>> {
  return isThenable(step);
}
