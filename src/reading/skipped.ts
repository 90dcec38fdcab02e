import { configError, type MillraceError } from '../core/errors.ts';
import { FrameDecoder, FrameEncoder, itemDigest } from '../frame/codec.ts';
import type { SourcePosition } from '../frame/position.ts';

/** Throws if the last item that is stored is not the one that the source yields as that. */
export function checkLastSkipped({ count, digest }: SourcePosition, digestNow: () => string | undefined): void {
  if (digest !== null && digestNow() !== digest)
    throw changedSource(`item ${count} is not the one that was stored as that`);
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

export function changedSource(what: string): MillraceError {
  return configError(
    'SOURCE_CHANGED',
    `the source does not yield what it yielded before: ${what}. Resumed by counting, items would be lost or come twice. ` +
      'Give it checkpoints (context.checkpoint), or `deterministic: false`, or start over with --fresh (the old queue is moved aside).',
  );
}
