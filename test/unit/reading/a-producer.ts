import { FrameDecoder } from '../../../src/frame/codec.ts';
import { frameFromPayload, itemSpan, type Frame } from '../../../src/frame/frame.ts';
import { sourceStart, type SourcePosition } from '../../../src/frame/position.ts';
import { holdsRecords } from '../../../src/frame/records.ts';
import type { SendFrame, SourceCovered } from '../../../src/ipc/messages.ts';
import { Outlet, type OutletOptions } from '../../../src/reading/outlet.ts';
import { ChunkReader } from '../../../src/reading/chunk-reader.ts';
import { Reader, type ReaderOptions, type SourceReader } from '../../../src/reading/reader.ts';
import { ThrottleGate } from '../../../src/reading/throttle-gate.ts';
import type { Chunk } from '../../../src/sources/port.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { microtasks } from '../../support/microtasks.ts';

/** A message that a producer has sent: the items of a frame (raw records as text), or only a position. */
export interface Sent {
  items: unknown[];
  frame?: Frame;
  position: SourcePosition;
}

/** An outlet whose messages are collected, decoded. */
export function anOutlet(options: Partial<OutletOptions> = {}): { outlet: Outlet; sent: Sent[] } {
  const sent: Sent[] = [];
  const outlet = new Outlet({
    frameItems: 4,
    frameBytes: 1000,
    windowBytes: 10_000,
    maxItemBytes: 5000,
    ...options,
    send: (message, payload = []) => sent.push(decoded(message, Buffer.concat(payload))),
  });
  return { outlet, sent };
}

function decoded(message: SendFrame | SourceCovered, payload: Buffer): Sent {
  if (message.type === 'covered') return { items: [], position: message.position };
  const frame = frameFromPayload(message, payload);
  const decoder = new FrameDecoder();
  const items = Array.from({ length: frame.count }, (_, index) => {
    if (!holdsRecords(frame)) return decoder.decode(frame, index);
    const { start, end } = itemSpan(frame, index);
    return frame.body.toString('utf8', start, end);
  });
  return { items, frame, position: message.position };
}

export interface AProducerOptions extends Partial<OutletOptions> {
  /** Opens a source that yields items one by one, or one that yields chunks. */
  open: ReaderOptions['open'];
  yields?: 'items' | 'chunks' | undefined;
  position?: SourcePosition;
  deterministic?: boolean;
}

/** A reader with an outlet, at some position of a source. */
export class AProducer {
  readonly clock = new HandClock();
  readonly throttle = new ThrottleGate();
  readonly outlet: Outlet;
  readonly sent: Sent[];
  readonly reader: SourceReader;

  constructor({ open, yields = 'items', position = sourceStart, deterministic = true, ...options }: AProducerOptions) {
    const { outlet, sent } = anOutlet(options);
    this.outlet = outlet;
    this.sent = sent;
    const { clock, throttle } = this;
    const reading = { clock, position, deterministic, outlet, throttle };
    const cursor: unknown = position.cursor === null ? undefined : JSON.parse(position.cursor);
    const source = { read: () => open(cursor, () => undefined) as Iterable<Chunk> };
    const { maxItemBytes = 5000 } = options;
    this.reader =
      yields === 'items'
        ? new Reader({ ...reading, open })
        : new ChunkReader({ ...reading, source, kind: 'own', maxItemBytes });
  }

  /** Items sent so far. */
  get items(): unknown[] {
    return this.sent.flatMap(({ items }) => items);
  }

  /** Reads to the end; everything sent is stored at once. */
  async readAll(): Promise<{ isAtEnd: boolean; items: unknown[] }> {
    const state = { isOver: false };
    const reading = this.reader.read().finally(() => (state.isOver = true));
    reading.catch(() => undefined);
    let stored = 0;
    while (!state.isOver) {
      await microtasks();
      this.clock.endTick();
      this.outlet.stored(this.sent.length - stored);
      stored = this.sent.length;
    }
    this.outlet.flush();
    return { isAtEnd: await reading, items: this.items };
  }
}
