/** What must be known of the column that incremental reading follows, before rows are read. */
import type { SqlValue } from '../sql-source/cursor.ts';
import type { ExactRows } from './exact-rows.ts';
import { quote } from './identifier.ts';
import { whereOf, type Relation } from './relation.ts';

/** How many rows have NULL in this column; counting ends at `atMost`. */
export function countNulls(rows: ExactRows, relation: Relation, column: string, atMost?: number): number {
  const limit = atMost === undefined ? '' : ` LIMIT ${atMost}`;
  const sql = `SELECT 1 FROM ${relation.sql} ${whereOf(relation, `${quote(column)} IS NULL`)}${limit}`;
  return Number(rows.all(`SELECT count(*) FROM (${sql})`, relation.params)[0]![0]);
}

/** The lowest and the highest value, if there are any. */
export function rangeOf(rows: ExactRows, relation: Relation, column: string): readonly SqlValue[] {
  const name = quote(column);
  const where = whereOf(relation, `${name} IS NOT NULL`);
  return ['ASC', 'DESC'].flatMap((direction) =>
    rows
      .all(`SELECT ${name} FROM ${relation.sql} ${where} ORDER BY ${name} ${direction} LIMIT 1`, relation.params)
      .flat(),
  );
}
