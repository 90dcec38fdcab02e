import { createHash } from 'node:crypto';
import type { SqlSettings } from './options.ts';

/** What a cursor belongs to. Where other rows are read, or in another order, it would skip rows. */
export interface Origin {
  /** A digest of the table and its condition, or of the query, without the values of params. */
  readonly from: string;
  /** The columns that rows are read in the order of. */
  readonly order: readonly string[];
}

export function originOf({ from }: Pick<SqlSettings, 'from'>, order: readonly string[]): Origin {
  const read = 'table' in from ? [from.table, from.where ?? null] : [from.query];
  // Every item has a cursor, so it is short.
  return { from: createHash('sha256').update(JSON.stringify(read)).digest('hex').slice(0, 16), order };
}
