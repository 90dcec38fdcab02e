import { fold, quote } from './identifier.ts';

/** `CREATE TABLE`, with the key, if there is one, as its primary key. `columns`: name → checked type. */
export function createTable(table: string, key: readonly string[], columns: Readonly<Record<string, string>>): string {
  const definitions = Object.entries(columns).map(([name, type]) => `${quote(name)} ${type}`.trimEnd());
  if (key.length > 0) definitions.push(`PRIMARY KEY (${list(key)})`);
  return `CREATE TABLE ${quote(table)} (${definitions.join(', ')})`;
}

/** `INSERT` of one row; with a key, the row that is there already gets the other columns' new values. */
export function insert(table: string, key: readonly string[], columns: readonly string[]): string {
  const values = columns.map(() => '?').join(', ');
  const statement = `INSERT INTO ${quote(table)} (${list(columns)}) VALUES (${values})`;
  if (key.length === 0) return statement;
  const isKey = new Set(key.map(fold));
  const updates = columns
    .filter((name) => !isKey.has(fold(name)))
    .map((name) => `${quote(name)} = excluded.${quote(name)}`);
  const action = updates.length === 0 ? 'NOTHING' : `UPDATE SET ${updates.join(', ')}`;
  return `${statement} ON CONFLICT (${list(key)}) DO ${action}`;
}

/** Names as a list of SQL. */
export function list(names: readonly string[]): string {
  return names.map(quote).join(', ');
}
