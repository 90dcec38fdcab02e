import { definePipeline, from, to } from 'millrace';
import type { Item } from '../items.ts';

/** The lines of a file, parsed and discarded. */
export default definePipeline({
  name: 'rows',
  source: from.ndjson<Item>({ path: process.env['BENCH_FILE'] ?? '' }),
  sink: to.discard(),
});
