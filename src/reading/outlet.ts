import { Waiters } from '../core/waiters.ts';
import { frameBytes, frameToPayload, itemSpan, type Frame } from '../frame/frame.ts';
import { FrameDecoder, FrameEncoder, itemDigest } from '../frame/codec.ts';
import type { SourcePosition } from '../frame/position.ts';
import { holdsRecords, RecordFramer, type Records } from '../frame/records.ts';
import type { SendFrame, SourceCovered } from '../ipc/messages.ts';
import { recordDigest } from './skipped.ts';

export interface OutletOptions {
  send: (message: SendFrame | SourceCovered, payload?: readonly Buffer[]) => void;
  frameItems: number;
  frameBytes: number;
  windowBytes: number;
  maxItemBytes: number;
  /** The cursor, as JSON, up to which everything was stored before. Default: none. */
  storedCursor?: string | null | undefined;
  /**
   * Everything up to this cursor is stored. Called in order. Some cursors may be skipped, and none comes twice in a
   * row.
   */
  onStored?: ((cursor: string) => void) | undefined;
  /** Whether the source may forget what is stored. Default: no. */
  forgets?: (() => boolean) | undefined;
}

/** A position in the source, without the digest, which only a frame's last item gets. */
export type SourcePlace = Omit<SourcePosition, 'digest'>;

/** A message that is not acknowledged yet. */
interface Outstanding {
  /** The frame's bytes; 0 for a position that was sent alone. */
  bytes: number;
  cursor: string | null;
}

/**
 * Sends the producer's items in frames that form by back-pressure: with nothing outstanding, an item is sent at once;
 * while a `stored` is awaited, items are gathered and sent in full frames until the window is full. So an idle pipeline
 * has the latency of one hop, and a busy one full frames, without a timer.
 *
 * A frame holds encoded items or raw records, never both.
 */
export class Outlet {
  readonly #options: OutletOptions;
  readonly #encoder: FrameEncoder;
  readonly #framer = new RecordFramer();
  /** Which of the two gathers the next frame. */
  #gathering: FrameEncoder | RecordFramer;
  readonly #decoder = new FrameDecoder();
  /** Oldest first. */
  #outstanding: Outstanding[] = [];
  #outstandingBytes = 0;
  #lastPlace: SourcePlace = { cursor: null, count: 0 };
  /** The position of the source after what has been sent, if it must be sent although no item follows. */
  #placeToSend: SourcePlace | undefined;
  #storedCursor: string | null;
  /** The last cursor that was sent. */
  #sentCursor: string | null;
  readonly #waiters = new Waiters();

  constructor(options: OutletOptions) {
    this.#options = options;
    this.#encoder = new FrameEncoder(options);
    this.#gathering = this.#encoder;
    this.#storedCursor = options.storedCursor ?? null;
    this.#sentCursor = this.#storedCursor;
  }

  /** Frames that were sent and not stored, and positions that were sent alone. */
  get framesOutstanding(): number {
    return this.#outstanding.length;
  }

  get isEmpty(): boolean {
    return this.#outstanding.length === 0 && this.#gathering.count === 0 && !this.#placeToSend;
  }

  /** True when the next item must wait for space in the window: `hasSpace` resolves then. */
  get isFull(): boolean {
    return this.#isFrameFull && !this.#windowHasSpace;
  }

  /**
   * Takes an item, and the source's position after it. Throws an ItemError, taking nothing, if the item cannot be
   * carried.
   */
  add(item: unknown, place: SourcePlace): void {
    if (this.#gathering !== this.#encoder) this.#gatherIn(this.#encoder);
    this.#encoder.add(item);
    this.#lastPlace = place;
    this.#placeToSend = undefined;
    this.#sendIfDue();
  }

  /**
   * A chunk of records comes next. A frame of one chunk's records is sent without copying them, so a frame that is at least
   * half full is not filled up with them.
   */
  startRecords(): void {
    const { count } = this.#framer;
    if (this.#gathering === this.#framer && count * 2 >= this.#options.frameItems && this.#windowHasSpace) {
      this.#sendFrame();
    }
  }

  /**
   * How many of the records `from`…`to - 1` `addRecords` takes at once: as many as fit into a frame, but at least one.
   */
  fitting({ ends }: Pick<Records, 'ends'>, from: number, to: number = ends.length): number {
    const { frameItems, frameBytes: most } = this.#options;
    const start = from === 0 ? 0 : ends[from - 1]!;
    const limit = start + most - this.#framer.bytes;
    const last = Math.min(to, from + Math.max(frameItems - this.#framer.count, 1));
    let next = from + 1;
    while (next < last && ends[next]! <= limit) next++;
    return next - from;
  }

  /** Takes the records `from`…`to - 1`, and the source's place after the last of them. */
  addRecords(records: Records, from: number, to: number, place: SourcePlace): void {
    if (this.#gathering !== this.#framer) this.#gatherIn(this.#framer);
    if (!this.#framer.accepts(records)) this.#sendFrame();
    this.#framer.add(records, from, to);
    this.#lastPlace = place;
    this.#placeToSend = undefined;
    this.#sendIfDue();
  }

  /**
   * The source reports that a cursor covers everything that it has yielded so far. The cursor is sent with the
   * collected items. If there are none, it is sent alone, as soon as nothing is outstanding, where it cannot be derived
   * by counting.
   */
  covered(place: SourcePlace, { isSentAlone }: { isSentAlone: boolean }): void {
    if (this.#gathering.count > 0) this.#lastPlace = place;
    else if (isSentAlone) this.#placeToSend = place;
    this.#sendIfDue();
  }

  /** The oldest `frames` frames are stored. */
  stored(frames: number): void {
    let reached = this.#storedCursor;
    for (const { bytes, cursor } of this.#outstanding.splice(0, frames)) {
      this.#outstandingBytes -= bytes;
      reached = cursor;
    }
    if (reached !== null && reached !== this.#storedCursor) {
      this.#storedCursor = reached;
      this.#options.onStored?.(reached);
    }
    this.#sendIfDue();
    this.#waiters.wake();
  }

  /** Resolves when `isFull` is false. */
  async hasSpace(): Promise<void> {
    while (this.isFull) await this.#waiters.next();
  }

  /** Sends the collected items, even if the window is full. */
  flush(): void {
    if (this.#gathering.count > 0) this.#sendFrame();
    this.#sendPlace();
  }

  /** Sends the collected items and resolves when everything is stored. */
  async flushed(): Promise<void> {
    this.flush();
    while (!this.isEmpty) await this.#waiters.next();
  }

  /** The next items are of the other kind, so the gathered ones are sent first. */
  #gatherIn(next: FrameEncoder | RecordFramer): void {
    if (this.#gathering.count > 0) this.#sendFrame();
    this.#gathering = next;
  }

  get #isFrameFull(): boolean {
    const { count, bytes } = this.#gathering;
    return count >= this.#options.frameItems || bytes >= this.#options.frameBytes;
  }

  get #windowHasSpace(): boolean {
    return this.#outstandingBytes + this.#gathering.bytes <= this.#options.windowBytes;
  }

  #sendIfDue(): void {
    const isIdle = this.#outstanding.length === 0;
    if (this.#gathering.count > 0 && (isIdle || (this.#isFrameFull && this.#windowHasSpace))) this.#sendFrame();
    else if (isIdle) this.#sendPlace();
  }

  #sendPlace(): void {
    if (!this.#placeToSend) return;
    const { cursor } = this.#placeToSend;
    this.#options.send({
      type: 'covered',
      position: { ...this.#placeToSend, digest: null },
      ...this.#forgotten(cursor),
    });
    this.#outstanding.push({ bytes: 0, cursor });
    this.#placeToSend = undefined;
  }

  #sendFrame(): void {
    const frame = this.#gathering.take();
    const { header, parts } = frameToPayload(frame);
    const bytes = frameBytes(frame);
    // Everything that can fail comes before the frame counts as outstanding, because it would never be acknowledged.
    const position = { ...this.#lastPlace, digest: this.#lastDigest(frame) };
    this.#outstanding.push({ bytes, cursor: position.cursor });
    this.#outstandingBytes += bytes;
    this.#options.send({ type: 'frame', position, ...this.#forgotten(position.cursor), ...header }, parts);
  }

  /** Only a new cursor is reported to the source. */
  #forgotten(cursor: string | null): { isForgotten?: true } {
    if (cursor === this.#sentCursor) return {};
    this.#sentCursor = cursor;
    return this.#options.forgets?.() === true ? { isForgotten: true } : {};
  }

  // The digest of the item as a consumer will see it: the source may have changed its object since.
  #lastDigest(frame: Frame): string {
    const last = frame.count - 1;
    if (!holdsRecords(frame)) return itemDigest(this.#decoder.decode(frame, last));
    const { start, end } = itemSpan(frame, last);
    return recordDigest(frame.body.subarray(start, end));
  }
}
