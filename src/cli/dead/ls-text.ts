import type { DeadLetter } from '../../core/dead-letters.ts';
import { describeError } from '../../core/errors.ts';
import { count, plural } from '../../core/figures.ts';
import { cutText, printable } from '../../observability/printable.ts';
import { placeText } from './place-text.ts';
import { displayJson } from '../../observability/display-json.ts';

const longestItem = 200;
const longestError = 500;

/** What `millrace dead ls` shows: for each letter, when and why it died, and the item. */
export function deadText(letters: readonly DeadLetter[], hasMore: boolean): string {
  if (letters.length === 0) return 'no dead letters\n';
  const lines = letters.flatMap(({ seq, origin, attempts, reason, error, item, record, diedAt }) => {
    const message = describeError(error);
    const name = origin === seq ? `${seq}` : `${seq} (first ${origin})`;
    // Most reasons contain the error and are shown in its place.
    const hasError = reason.includes(message);
    const facts = [plural(attempts, 'attempt'), ...(hasError ? [] : [printable(reason)])];
    return [
      `${name}  ${new Date(diedAt).toISOString()}  ${facts.join(', ')}`,
      `    ${printable(error.code)}: ${cutText(printable(hasError ? reason : message), longestError)}`,
      ...(error.at === undefined ? [] : [`    at ${printable(error.at)}`]),
      ...(record?.file === undefined ? [] : [`    ${printable(placeText(record))}`]),
      // A raw record as it stands in its file, without its line end.
      `    ${cutText(printable(record ? String(item).trimEnd() : displayJson(item)), longestItem)}`,
    ];
  });
  if (hasMore) lines.push(`more than these ${count(letters.length)} exist; raise --limit to see them`);
  return `${lines.join('\n')}\n`;
}
