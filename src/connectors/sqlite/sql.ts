import { fold, quote } from './identifier.ts';

/** `CREATE TABLE`, with the key, if there is one, as its primary key. `columns`: name → checked type. */
export function createTable(table: string, key: readonly string[], columns: Readonly<Record<string, string>>): string {
  const definitions = Object.entries(columns).map(([name, type]) => `${quote(name)} ${type}`.trimEnd());
  if (key.length > 0) definitions.push(`PRIMARY KEY (${list(key)})`);
  return `CREATE TABLE ${quote(table)} (${definitions.join(', ')})`;
}

export interface Insert {
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** Update the existing row only if its key is the same text, not just equal under the index's collation. */
  readonly isKeyLoose?: boolean;
  /**
   * Update the existing row only if this column of the new one is not less. With a loose key, an older version writes the
   * existing row as it is: so a row that changes nothing was refused because of its key.
   */
  readonly newest?: string | undefined;
}

/** `INSERT` of one row; with a key, the row that is there already gets the other columns' new values. */
export function insert({ table, key, columns, isKeyLoose = false, newest }: Insert): string {
  const values = columns.map(() => '?').join(', ');
  const statement = `INSERT INTO ${quote(table)} (${list(columns)}) VALUES (${values})`;
  if (key.length === 0) return statement;
  const keys = new Set(key.map(fold));
  const others = columns.filter((name) => !keys.has(fold(name)));
  // With a loose key there is always something to update, so a row without a change was refused.
  const updated = isKeyLoose && others.length === 0 ? key : others;
  const conflict = `${statement} ON CONFLICT (${list(key)}) DO`;
  if (updated.length === 0) return `${conflict} NOTHING`;
  const isNewer = newest === undefined ? undefined : newer(table, newest);
  const given = (name: string): string =>
    isKeyLoose && isNewer !== undefined
      ? `CASE WHEN ${isNewer} THEN excluded.${name} ELSE ${quote(table)}.${name} END`
      : `excluded.${name}`;
  const changes = updated.map(quote).map((name) => `${name} = ${given(name)}`);
  const update = `${conflict} UPDATE SET ${changes.join(', ')}`;
  if (!isKeyLoose) return isNewer === undefined ? update : `${update} WHERE ${isNewer}`;
  return `${update} WHERE ${key.map((name) => `${quote(name)} = excluded.${quote(name)} COLLATE BINARY`).join(' AND ')}`;
}

/**
 * Finds the row that makes an `INSERT` of this kind unnecessary: one with the same key and, with `newest`, a newer version.
 * Bound to it: the values of the key, then that of `newest`. The key is the same text, as in an index that is not loose.
 */
export function selectStanding({ table, key, newest }: Pick<Insert, 'table' | 'key' | 'newest'>): string {
  const conditions = key.map((name) => `${quote(name)} = ? COLLATE BINARY`);
  if (newest !== undefined) conditions.push(`${quote(newest)} > ?`);
  return `SELECT 1 FROM ${quote(table)} WHERE ${conditions.join(' AND ')}`;
}

/** Whether the given row is not older than the existing one. */
function newer(table: string, newest: string): string {
  const [old, given] = [`${quote(table)}.${quote(newest)}`, `excluded.${quote(newest)}`];
  return `(${old} IS NULL OR ${given} >= ${old})`;
}

/** Names as a list of SQL. */
export function list(names: readonly string[]): string {
  return names.map(quote).join(', ');
}
