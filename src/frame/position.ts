/**
 * Where a source was at the last item of a frame. It resumes at the checkpoint `cursor` and skips `count` items, and the
 * last skipped item must have `digest`.
 */
export interface SourcePosition {
  /** The value that the source passed to `checkpoint`, as JSON; null if it never called it. */
  cursor: string | null;
  /** How many items the source has yielded since that checkpoint, including skipped items. */
  count: number;
  /** Digest of the last item that it yielded; null before the first. */
  digest: string | null;
}

export const sourceStart: SourcePosition = { cursor: null, count: 0, digest: null };
