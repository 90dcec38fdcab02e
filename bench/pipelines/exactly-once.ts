import { definePipeline, to } from 'millrace';
import { itemColumns, items } from '../items.ts';
import { leaveMark } from '../marks.ts';

const count = Number(process.env['BENCH_ITEMS']);

/** Many small items, unchanged, into a SQLite table, each exactly once. */
export default definePipeline({
  name: 'exactly-once',
  source() {
    leaveMark('first-yield');
    return items(count);
  },
  sink: to.sqlite({ file: 'sink.db', table: 'customers', columns: itemColumns }),
});
