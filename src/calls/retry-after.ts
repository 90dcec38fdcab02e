import { parseHttpDate } from './http-date.ts';

/** Header fields of an answer, with their names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The longest wait. A vendor that wants a longer one refuses again afterwards; a typo costs no more than this. */
const longestMs = 86_400_000;

/** A number this large is not a wait in seconds (31 years) but probably seconds since 1970, which no RFC allows. */
const noSeconds = 1_000_000_000;

/** A `Date` older than this comes from a cache or from a wrong clock. */
const freshMs = 60_000;

/**
 * Milliseconds to wait, from the headers of an answer: `Retry-After` as whole seconds or as an HTTP date (RFC 9110,
 * 10.2.3), at most a day. `wall` is our own clock, in milliseconds since 1970. Null if the vendor says nothing, says
 * something else, or names a time that is not in the future: then the caller has to back off by itself.
 */
export function retryAfterMs(headers: Headers, wall: number): number | null {
  const text = headers['retry-after'];
  if (typeof text !== 'string') return null;
  const ms = waitOf(text.trim(), headers, wall);
  return ms === undefined || ms <= 0 ? null : Math.min(ms, longestMs);
}

function waitOf(text: string, headers: Headers, wall: number): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) < noSeconds ? Number(text) * 1000 : undefined;
  const until = parseHttpDate(text, wall);
  return until === undefined ? undefined : until - vendorsNow(headers, wall);
}

/**
 * The vendor's clock at the time of the answer, so that its clock and ours need not agree. An old `Date` is ignored: an
 * answer from a cache would make the wait longer by its age.
 */
function vendorsNow({ date, age }: Headers, wall: number): number {
  const theirs = typeof date === 'string' ? parseHttpDate(date.trim(), wall) : undefined;
  const isFresh = theirs !== undefined && theirs >= wall - freshMs && (age === undefined || age === '0');
  return isFresh ? theirs : wall;
}
