/**
 * Makes text from outside safe to show: characters that could move the cursor, colour the screen, start a new line or
 * change the reading direction are escaped, so that nothing can forge a log line or a terminal sequence.
 */

// C0, DEL, C1, line and paragraph separators, direction marks, byte order mark.
// oxlint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

const short: Record<string, string | undefined> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };

/** `text` on one line, without anything that a terminal would interpret. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => short[character] ?? escaped(character));
}

/** The same for JSON: still the same value when parsed. */
export function printableJson(json: string): string {
  return json.replace(unsafe, escaped);
}

/** At most `limit` characters of `text`, and how many are omitted. */
export function cutText(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} characters more)`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
