import { configError, type MillraceError } from '../core/errors.ts';
import { bytesDigest, FrameDecoder, FrameEncoder, itemDigest } from '../frame/codec.ts';
import type { SourcePosition } from '../frame/position.ts';
import { oversizedBytes } from '../sources/port.ts';

/** Throws if the last stored item differs from the one that the source yields at that position. */
export function checkLastSkipped({ count, digest }: SourcePosition, digestNow: () => string | undefined): void {
  if (digest !== null && digestNow() !== digest)
    throw changedSource(`item ${count} differs from the one stored under that number`);
}

/** The digest of an item as a consumer would see it; undefined if it cannot be carried to one. */
export function digestOf(item: unknown): string | undefined {
  const encoder = new FrameEncoder({ maxItemBytes: Infinity });
  try {
    encoder.add(item);
  } catch {
    return undefined;
  }
  return itemDigest(new FrameDecoder().decode(encoder.take(), 0));
}

/**
 * The digest of a raw record: of its first bytes only, because no more is stored of an oversized one, and with another
 * `maxItemBytes` after a restart the same record may be oversized or not.
 */
export function recordDigest(bytes: Buffer): string {
  return bytesDigest(bytes.subarray(0, oversizedBytes));
}

export function changedSource(what: string): MillraceError {
  return configError(
    'SOURCE_CHANGED',
    `the source no longer yields the same items: ${what}. Skipping by count would lose or repeat items. ` +
      'Give it checkpoints (context.checkpoint), or `deterministic: false`, or start over with --fresh (the old queue is archived).',
  );
}
