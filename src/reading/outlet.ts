import { Waiters } from '../core/waiters.ts';
import { frameBytes, frameToPayload, type Frame } from '../frame/frame.ts';
import { FrameDecoder, FrameEncoder, itemDigest } from '../frame/codec.ts';
import type { SourcePosition } from '../frame/position.ts';
import type { SendFrame, SourceCovered } from '../ipc/messages.ts';

export interface OutletOptions {
  send: (message: SendFrame | SourceCovered, payload?: readonly Buffer[]) => void;
  frameItems: number;
  frameBytes: number;
  windowBytes: number;
  maxItemBytes: number;
}

/** A place in the source, without the digest, which only a frame's last item gets. */
type Place = Omit<SourcePosition, 'digest'>;

/**
 * Where the producer's items go out, in frames that form by back-pressure: with nothing outstanding an item goes at
 * once; while a `stored` is awaited items are gathered, and go in full frames until the window is full. So an idle
 * pipeline has the latency of one hop, and a busy one full frames, without a timer.
 */
export class Outlet {
  readonly #options: OutletOptions;
  readonly #encoder: FrameEncoder;
  readonly #decoder = new FrameDecoder();
  /** Sizes of the frames that are not stored yet, oldest first; a place that was told alone takes none. */
  #outstanding: number[] = [];
  #outstandingBytes = 0;
  #lastPlace: Place = { cursor: null, count: 0 };
  /** Where the source stands behind what has been sent, if that is to be told although no item follows. */
  #placeToTell: Place | undefined;
  readonly #waiters = new Waiters();

  constructor(options: OutletOptions) {
    this.#options = options;
    this.#encoder = new FrameEncoder(options);
  }

  /** Frames sent and not stored, and a place that was told alone. */
  get framesOutstanding(): number {
    return this.#outstanding.length;
  }

  get isEmpty(): boolean {
    return this.#outstanding.length === 0 && this.#encoder.count === 0 && !this.#placeToTell;
  }

  /** True when the next item must wait for room in the window: `hasRoom` resolves then. */
  get isFull(): boolean {
    return this.#isFrameFull && !this.#windowHasRoom;
  }

  /** Takes an item, and the source's place after it. Throws an ItemError, taking nothing, if it cannot be carried. */
  add(item: unknown, place: Place): void {
    this.#encoder.add(item);
    this.#lastPlace = place;
    this.#placeToTell = undefined;
    this.#sendIfDue();
  }

  /**
   * The source says that everything that it yielded so far is covered by a cursor. That goes with the items gathered;
   * if there are none it is told alone, as soon as nothing is outstanding, where it cannot be found out by counting.
   */
  covered(place: Place, { isToBeToldAlone }: { isToBeToldAlone: boolean }): void {
    if (this.#encoder.count > 0) this.#lastPlace = place;
    else if (isToBeToldAlone) this.#placeToTell = place;
    this.#sendIfDue();
  }

  /** The oldest `frames` frames are stored. */
  stored(frames: number): void {
    for (const size of this.#outstanding.splice(0, frames)) this.#outstandingBytes -= size;
    this.#sendIfDue();
    this.#waiters.wake();
  }

  /** Resolves when `isFull` is false. */
  async hasRoom(): Promise<void> {
    while (this.isFull) await this.#waiters.next();
  }

  /** Sends what is gathered, window or not. */
  flush(): void {
    if (this.#encoder.count > 0) this.#sendFrame();
    this.#tellPlace();
  }

  /** Sends what is gathered and resolves when everything is stored. */
  async flushed(): Promise<void> {
    this.flush();
    while (!this.isEmpty) await this.#waiters.next();
  }

  get #isFrameFull(): boolean {
    return this.#encoder.count >= this.#options.frameItems || this.#encoder.bytes >= this.#options.frameBytes;
  }

  get #windowHasRoom(): boolean {
    return this.#outstandingBytes + this.#encoder.bytes <= this.#options.windowBytes;
  }

  #sendIfDue(): void {
    const isIdle = this.#outstanding.length === 0;
    if (this.#encoder.count > 0 && (isIdle || (this.#isFrameFull && this.#windowHasRoom))) this.#sendFrame();
    else if (isIdle) this.#tellPlace();
  }

  #tellPlace(): void {
    if (!this.#placeToTell) return;
    this.#options.send({ type: 'covered', position: { ...this.#placeToTell, digest: null } });
    this.#outstanding.push(0);
    this.#placeToTell = undefined;
  }

  #sendFrame(): void {
    const frame = this.#encoder.take();
    const { header, parts } = frameToPayload(frame);
    const size = frameBytes(frame);
    // Whatever can fail, before it counts as outstanding: nobody would answer for it.
    const position = { ...this.#lastPlace, digest: this.#lastDigest(frame) };
    this.#outstanding.push(size);
    this.#outstandingBytes += size;
    this.#options.send({ type: 'frame', position, ...header }, parts);
  }

  // Of the item as a consumer will see it: the source may have changed its object since.
  #lastDigest(frame: Frame): string {
    return itemDigest(this.#decoder.decode(frame, frame.count - 1));
  }
}
