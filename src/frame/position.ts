/**
 * Where a source stood at the last item of a frame, and so where it goes on: after the checkpoint `cursor`, past
 * `count` items, the last of which has `digest`.
 */
export interface SourcePosition {
  /** JSON of what the source gave to `checkpoint`; null if it never did. */
  cursor: string | null;
  /** Items that the source yielded since that checkpoint, skipped ones included. */
  count: number;
  /** Digest of the last item that it yielded; null before the first. */
  digest: string | null;
}

export const sourceStart: SourcePosition = { cursor: null, count: 0, digest: null };
