import { cursorFrom, cursorText } from '../../core/cursor-text.ts';
import { configError } from '../../core/errors.ts';

/**
 * The cursor of the source holds the user's cursor. Polls that give none report one as well: so the items of a finished
 * poll are covered, and are not counted when the source resumes.
 */
interface PollCursor {
  readonly version: 1;
  readonly cursor?: unknown;
}

/** The user's cursor in one that was reported before. Throws a configuration error if it was not reported by a poll. */
export function usersCursor(reported: unknown): unknown {
  if (reported === undefined) return undefined;
  const { version, cursor } = (reported ?? {}) as Partial<PollCursor>;
  if (version === 1) return cursor;
  throw configError(
    'CURSOR',
    'expected the cursor of from.poll, got a different one: this run was read from another kind of source, or with a newer ' +
      'Millrace. Start over with --fresh.',
  );
}

/** How far the polls have come, and whether that has been reported. */
export class Progress {
  /** The user's cursor. As JSON, so that a poll cannot change it afterwards and gets the same as after a restart. */
  #cursor: string | null;
  #isReported: boolean;

  /** `stored`: the last cursor that was reported and stored. */
  constructor(stored: unknown) {
    const cursor = usersCursor(stored);
    this.#cursor = cursor === undefined ? null : cursorText(cursor);
    this.#isReported = stored !== undefined;
  }

  /** The user's cursor; undefined before the first. */
  get cursor(): unknown {
    return cursorFrom(this.#cursor);
  }

  /** Sets the user's cursor, given as JSON. */
  reach(cursor: string): void {
    if (cursor === this.#cursor) return;
    this.#cursor = cursor;
    this.#isReported = false;
  }

  /** An item follows what has been reported. */
  passItem(): void {
    this.#isReported = false;
  }

  /** The cursor to report; undefined if it has been reported, and no item has come since: a quiet feed stores nothing. */
  report(): PollCursor | undefined {
    if (this.#isReported) return undefined;
    this.#isReported = true;
    return { version: 1, ...(this.#cursor !== null && { cursor: this.cursor }) };
  }
}
