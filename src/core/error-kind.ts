import { describeError, type ErrorData } from './errors.ts';

/** Kinds are distinguished by this many characters of the message; the rest is detail. */
const comparedLength = 300;
const kindLength = 120;

// The status of an HTTP response is not a detail.
const details = /((?:http|status|code|answered|returned|response)[ :=]{1,3}[1-5]\d\d\b)|[\w-]*\d[\w.:-]*/gi;

/**
 * What errors have in common if they differ only in their details: the code, and the message without quoted parts and
 * without words that contain a digit (numbers, ids, addresses). At most about 220 characters.
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
