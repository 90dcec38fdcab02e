import type { SqlSettings } from '../sql-source/options.ts';
import { quote } from './identifier.ts';
import type { Relation } from './relation.ts';

/** A warning if SQLite does not find the beginning of a page by an index, or has to sort for each page. */
export function indexWarning(
  plan: readonly string[],
  { name }: Relation,
  order: readonly string[],
  { from }: Pick<SqlSettings, 'from'>,
): string[] {
  // https://sqlite.org/eqp.html: SEARCH t USING INDEX i (a>?), or ((a,b)>(?,?)); USE TEMP B-TREE FOR ORDER BY.
  const isFound = plan.some((line) => /^SEARCH .*>/.test(line));
  const isSorted = !plan.some((line) => line.startsWith('USE TEMP B-TREE'));
  if (isFound && isSorted) return [];
  const columns = order.map(quote).join(', ');
  const advice =
    'table' in from
      ? `CREATE INDEX ${quote(`${from.table}_${order.join('_')}`)} ON ${quote(from.table)} (${columns})`
      : `create one on the table that ${order.join(', ')} come from`;
  return [
    `warning: no index supports the order of ${name} by ${columns}, so each page reads or sorts more rows than it yields: ${advice}`,
  ];
}
