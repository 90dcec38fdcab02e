import { describeError, type ErrorData } from './errors.ts';

/** Kinds are told apart by this many characters of the message; the rest is detail. */
const comparedLength = 300;
const kindLength = 120;

// The status of an HTTP response is not a detail.
const details = /((?:http|status|code|answered|returned|response)[ :=]{1,3}[1-5]\d\d\b)|[\w-]*\d[\w.:-]*/gi;

/**
 * What errors that differ only in their details have in common: the code, and the message without quoted parts and
 * without words that have a digit in them (numbers, ids, addresses). At most about 220 characters.
 */
export function errorKind(error: ErrorData): string {
  const text = describeError(error)
    .slice(0, comparedLength)
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '"…"')
    .replaceAll(details, (_, status?: string) => status ?? '#')
    .replaceAll(/\s+/g, ' ')
    .slice(0, kindLength);
  return `${error.code} ${text}`;
}
