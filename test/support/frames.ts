import { FrameDecoder, FrameEncoder } from '../../src/frame/codec.ts';
import type { Frame } from '../../src/frame/frame.ts';

/** A frame of these items. */
export function frameOf(items: readonly unknown[]): Frame {
  const encoder = new FrameEncoder({ maxItemBytes: Infinity });
  for (const item of items) encoder.add(item);
  return encoder.take();
}

/** The items of a frame. */
export function itemsOf(frame: Frame): unknown[] {
  const decoder = new FrameDecoder();
  return Array.from({ length: frame.count }, (_, index) => decoder.decode(frame, index));
}
