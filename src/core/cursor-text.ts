import { errorData } from './errors.ts';
import { parseJson, writeJson } from './json.ts';
import { show } from './show.ts';

/** The largest cursor: each frame carries one in its header. */
const maxCursorBytes = 1024 * 1024;
/** How much of a cursor an error shows. */
const shownCursor = 200;

/** A cursor as JSON. Throws a TypeError, which says what `who` expects, if it cannot be one. */
export function cursorText(cursor: unknown, who = 'checkpoint'): string {
  let text: string | undefined;
  try {
    text = writeJson(cursor) as string | undefined;
  } catch (error) {
    throw new TypeError(`${who} expects a cursor that JSON can hold: ${errorData(error).message}`, {
      cause: error,
    });
  }
  if (text === undefined) throw new TypeError(`${who} expects a cursor that JSON can hold, got ${show(cursor)}`);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxCursorBytes) {
    throw new TypeError(
      `${who} expects a cursor of at most 1 MiB of JSON, got ${bytes} bytes: it is sent and stored with every frame. ` +
        'Store large data elsewhere and keep a reference to it in the cursor.',
    );
  }
  return text;
}

/** The cursor that was kept as JSON; undefined if there is none. */
export function cursorFrom(text: string | null): unknown {
  return text === null ? undefined : parseJson(text);
}

/** A cursor for an error message. */
export function shortCursor(cursor: string): string {
  return cursor.length > shownCursor ? `${cursor.slice(0, shownCursor)}…` : cursor;
}
