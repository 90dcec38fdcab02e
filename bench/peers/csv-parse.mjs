/** csv-parse alone: parses the rows of a file into objects, in one process, and keeps none. */
import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';

let rows = 0;
const parser = createReadStream(process.env.BENCH_FILE).pipe(parse({ columns: true }));
parser.on('data', () => rows++);
parser.on('end', () => {
  if (rows !== Number(process.env.BENCH_ITEMS))
    throw new Error(`expected ${process.env.BENCH_ITEMS} rows, got ${rows}`);
});
