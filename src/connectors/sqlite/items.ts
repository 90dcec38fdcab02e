import type { Bigints } from '../../core/exact-json.ts';
import type { SqlValue } from '../sql-source/cursor.ts';

/**
 * Makes items of rows. What a value becomes depends on how SQLite has stored it, never on the declared type of its
 * column: SQLite keeps any value in nearly any column.
 */
export function itemMaker(columns: readonly string[], bigints: Bigints): (row: readonly SqlValue[]) => object {
  const valueOf = (value: SqlValue): unknown => (typeof value === 'bigint' ? integer(value, bigints) : value);
  // Assigning to a property of this name would not make one.
  if (columns.includes('__proto__'))
    return (row) => Object.fromEntries(columns.map((name, i) => [name, valueOf(row[i]!)]));
  return (row) => {
    const item: Record<string, unknown> = {};
    for (const [i, name] of columns.entries()) item[name] = valueOf(row[i]!);
    return item;
  };
}

function integer(value: bigint, bigints: Bigints): number | string | bigint {
  const number = Number(value);
  if (bigints === 'number' || Number.isSafeInteger(number)) return number;
  return bigints === 'string' ? String(value) : value;
}
