import type { Dialect } from './dialect.ts';

/**
 * What ends the lines of a file, judged by its first line: `auto` for a line feed, with or without a carriage return
 * before it, or a carriage return alone. Undefined if more of the file is needed to decide.
 */
export function lineEndIn(text: string, { delimiter, quote, escape }: Dialect, isLast: boolean): string | undefined {
  let isQuoted = false;
  let fieldStart = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isQuoted) {
      if (character === quote && quote === escape && text[at + 1] === quote) at++;
      else if (character === quote) isQuoted = false;
      else if (character === escape) at++;
    } else if (character === '\n') {
      return 'auto';
    } else if (character === '\r') {
      if (at + 1 === text.length && !isLast) return undefined;
      return text[at + 1] === '\n' ? 'auto' : '\r';
    } else if (text.startsWith(delimiter, at)) {
      at += delimiter.length - 1;
      fieldStart = at + 1;
    } else if (character === quote && at === fieldStart) {
      isQuoted = true;
    }
  }
  return isLast ? 'auto' : undefined;
}
