/** The syntax of a CSV file. Plain data: it is stored with the records that were read. */
export interface Dialect {
  /** Separates fields: one or more characters. */
  readonly delimiter: string;
  /** One ASCII character, or null if no field is quoted. */
  readonly quote: string | null;
  /** In a quoted field, makes the next character part of the text. The same as `quote` if quotes are doubled. */
  readonly escape: string | null;
  /** What ends a record; `auto` stands for a line feed, with or without a carriage return before it. */
  readonly lineEnd: string;
}

/** The text that ends a record, and whether a carriage return before it belongs to it. */
export function lineEndOf({ lineEnd }: Pick<Dialect, 'lineEnd'>): { text: string; takesReturn: boolean } {
  return lineEnd === 'auto' ? { text: '\n', takesReturn: true } : { text: lineEnd, takesReturn: false };
}

/** What separates fields and records, as bytes, and whether a carriage return before a line end belongs to it. */
export function separatorsOf(dialect: Dialect): { delimiter: Buffer; lineEnd: Buffer; takesReturn: boolean } {
  const { text, takesReturn } = lineEndOf(dialect);
  return { delimiter: Buffer.from(dialect.delimiter), lineEnd: Buffer.from(text), takesReturn };
}
