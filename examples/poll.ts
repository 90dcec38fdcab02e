/**
 * Loads each line that is appended to `orders.txt`, until it is stopped. Kill any of its processes, or all of them, and
 * run it again: the table has each line once.
 *
 *     echo tea >> orders.txt
 *     millrace run examples/poll.ts
 */
import { existsSync, readFileSync } from 'node:fs';
import { definePipeline, from, type SourceContext, to } from 'millrace';

const file = 'orders.txt';

export default definePipeline({
  name: 'orders',
  source: from.poll({
    every: '1s',
    read({ cursor = 0 }: SourceContext<number>) {
      // What follows the last line feed is not a whole line yet.
      const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(cursor, -1) : [];
      const items = lines.map((text, i) => ({ line: cursor + i + 1, text }));
      return { items, cursor: cursor + items.length };
    },
  }),
  sink: to.sqlite({ file: 'orders.db', table: 'orders', key: 'line' }),
});
