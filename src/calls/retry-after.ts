/** Header fields of an answer, with their names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Longest time that is believed. Whoever means more is asked again after it; a slip of the pen costs no more. */
const longestMs = 86_400_000;

/** From here on a number of seconds is a date in seconds since 1970, as some vendors send it. */
const firstDateSeconds = 1_000_000_000;

/**
 * Milliseconds to wait, from the headers of an answer: `Retry-After` as seconds or as a date, at most a day. A date is
 * compared with the answer's own `Date`, if it has one, so that clocks need not agree; `wall` is ours, in milliseconds
 * since 1970. Null if the vendor did not say, said nothing that can be read, or said a time that is not in the future:
 * then whoever asks has to back off by himself, or he would ask again at once.
 */
export function retryAfterMs(headers: Headers, wall: number): number | null {
  const text = headers['retry-after'];
  if (typeof text !== 'string') return null;
  const now = dateOf(headers['date']) ?? wall;
  const seconds = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
  const until =
    seconds === undefined ? dateOf(text) : seconds < firstDateSeconds ? now + seconds * 1000 : seconds * 1000;
  if (until === undefined || until <= now) return null;
  return Math.min(until - now, longestMs);
}

function dateOf(text: string | string[] | undefined): number | undefined {
  const ms = Date.parse(String(text));
  return Number.isNaN(ms) ? undefined : ms;
}
