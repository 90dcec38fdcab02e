/**
 * Copies orders from a shop's database into another one. Each further run (`--again`) copies only the orders that are new
 * or were changed since.
 *
 *     sqlite3 shop.db < examples/sqlite/shop.sql
 *     millrace run examples/sqlite/orders.ts
 */
import { definePipeline, from, param, to } from 'millrace';

interface Order {
  id: number;
  customer: string;
  cents: number;
  changed: string;
}

const lowest = param.string({ default: '0' });

export default definePipeline({
  name: 'orders',
  params: { lowest },
  source: from.sqlite<Order>({
    file: 'shop.db',
    table: 'orders',
    where: 'cents >= CAST(:lowest AS INTEGER)',
    params: { lowest },
    incremental: { cursor: 'changed', lag: '60s' },
  }),
  process: ({ cents, ...order }) => ({ ...order, euros: (cents / 100).toFixed(2) }),
  sink: to.sqlite({ file: 'orders.db', table: 'orders', key: 'id', newest: 'changed' }),
});
