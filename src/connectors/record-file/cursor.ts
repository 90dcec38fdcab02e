import { createHash } from 'node:crypto';
import { configError } from '../../core/errors.ts';

/**
 * How far a file of records has been read. Offsets count bytes after decompression. A connector that reads several
 * files puts its own cursor around this one.
 */
export interface FileCursor {
  readonly version: 1;
  /** For people; the file may be moved. */
  readonly file: string;
  readonly isCompressed: boolean;
  /** The first bytes of the file when the run began. Since then it may have grown, but not changed. */
  readonly head: { readonly bytes: number; readonly digest: string };
  /** The position of the next record, and its line, counted from 1. */
  readonly offset: number;
  readonly line: number;
  /** The last record, or its beginning if it is long. The file must still contain it. */
  readonly last: { readonly start: number; readonly bytes: number; readonly digest: string };
  /** False if the file ended without a line end. Then nothing may follow. */
  readonly isLineEnded: boolean;
}

/** How much of the file's beginning, and of the last record, is compared. */
export const comparedBytes = 4096;

export function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** The stored cursor. Throws a configuration error if it is not one of ours. */
export function fileCursor(cursor: unknown): FileCursor | undefined {
  if (cursor === undefined) return undefined;
  const { version, offset } = (cursor ?? {}) as Partial<FileCursor>;
  if (version === 1 && typeof offset === 'number') return cursor as FileCursor;
  throw configError(
    'CURSOR',
    'expected the cursor of a file, got a different one: this run was read from another kind of source, or with a newer ' +
      'Millrace. Start over with --fresh.',
  );
}
