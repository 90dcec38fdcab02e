import { definePipeline, from, to } from 'millrace';
import { itemColumns } from '../items.ts';

const { BENCH_FILE: path = '', BENCH_SINK: sink = 'discard' } = process.env;

/** The rows of a CSV file, parsed, and discarded or written to a SQLite table. */
export default definePipeline({
  name: 'rows',
  source: from.csv({ path, types: { id: 'integer', amount: 'number', quantity: 'integer' } }),
  sink: sink === 'sqlite' ? to.sqlite({ file: 'sink.db', table: 'customers', columns: itemColumns }) : to.discard(),
});
