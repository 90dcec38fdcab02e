/** How a CSV file is written. Plain data: it travels with the records that were read. */
export interface Dialect {
  /** Between fields: one or more characters. */
  readonly delimiter: string;
  /** One ASCII character, or null: no field is quoted. */
  readonly quote: string | null;
  /** In a quoted field, makes the next character part of the text. The same as `quote` if quotes are doubled. */
  readonly escape: string | null;
  /** What ends a record; `auto` stands for a line feed, with or without a carriage return before it. */
  readonly lineEnd: string;
}

/** The dialect with its texts as Latin-1 of their UTF-8 bytes, so that positions in such a text are positions of bytes. */
export function asBytes(dialect: Dialect): Dialect {
  return { ...dialect, delimiter: byteText(dialect.delimiter), lineEnd: byteText(dialect.lineEnd) };
}

function byteText(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The text that ends a record, and whether a carriage return before it belongs to it. */
export function lineEndOf({ lineEnd }: Pick<Dialect, 'lineEnd'>): { text: string; takesReturn: boolean } {
  return lineEnd === 'auto' ? { text: '\n', takesReturn: true } : { text: lineEnd, takesReturn: false };
}

/** How many characters a blank line at `at` takes; 0 if there is none. */
export function blankLine(text: string, at: number, end: { text: string; takesReturn: boolean }): number {
  if (text.startsWith(end.text, at)) return end.text.length;
  return end.takesReturn && text.startsWith('\r\n', at) ? 2 : 0;
}
