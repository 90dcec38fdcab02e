import { parseJson } from './json.ts';

/*
 * JSON whose integers keep all of their digits. JavaScript's numbers are exact up to 2^53; JSON.parse rounds larger integers
 * without an error.
 */

/** What an integer beyond 2^53 becomes: text, a BigInt, or the nearest number, as JSON.parse does. */
export type Bigints = 'string' | 'bigint' | 'number';

/** The number of digits of 2^53. An integer with fewer digits is exact. */
const longDigits = 16;

/** Like JSON.parse. Throws a SyntaxError for text that is not JSON. */
export function parseExactJson(text: string, bigints: Bigints): unknown {
  const value: unknown = parseJson(text);
  if (bigints === 'number' || !mayHoldLongInteger(text)) return value;
  const quoted = withQuotedIntegers(text);
  if (quoted === text) return value;
  const exact: unknown = parseJson(quoted);
  return bigints === 'string' ? exact : withBigInts(value, exact);
}

/**
 * Looks at every sixteenth character only: a run of sixteen digits covers one of them. The characters around such a run
 * nearly always tell a number from digits in a text.
 */
function mayHoldLongInteger(text: string): boolean {
  for (let i = longDigits - 1; i < text.length; i += longDigits) {
    if (!isDigit(text.charCodeAt(i))) continue;
    let first = i;
    while (first > 0 && isDigit(text.charCodeAt(first - 1))) first--;
    let last = i;
    while (isDigit(text.charCodeAt(last + 1))) last++;
    if (last - first + 1 >= longDigits && mayPrecede(text[first - 1]) && mayFollow(text[last + 1])) return true;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function mayPrecede(character: string | undefined): boolean {
  return character === undefined || '-:,[ \t\r\n'.includes(character);
}

function mayFollow(character: string | undefined): boolean {
  return character === undefined || ',]} \t\r\n'.includes(character);
}

/**
 * Matches a text, or a number with its fraction and exponent. Only for valid JSON. (A choice for each character would take too
 * much of the stack in a text of many megabytes.)
 */
const textOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function withQuotedIntegers(text: string): string {
  return text.replace(textOrNumber, (token) =>
    token.length >= longDigits && /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}

/** `value`, with a BigInt where `exact` has text and `value` a number. Both come from the same JSON. */
function withBigInts(value: unknown, exact: unknown): unknown {
  if (typeof value === 'number' && typeof exact === 'string') return BigInt(exact);
  if (Array.isArray(value)) return value.map((element, i) => withBigInts(element, (exact as unknown[])[i]));
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries makes `__proto__` a property like any other, as JSON.parse does.
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withBigInts(each, (exact as Record<string, unknown>)[key])]),
  );
}
