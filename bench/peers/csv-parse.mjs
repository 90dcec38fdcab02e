/** csv-parse alone: rows of a file as objects, in one process, kept nowhere. */
import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';

let rows = 0;
const parser = createReadStream(process.env.BENCH_FILE).pipe(parse({ columns: true }));
parser.on('data', () => rows++);
parser.on('end', () => {
  if (rows !== Number(process.env.BENCH_ITEMS))
    throw new Error(`expected ${process.env.BENCH_ITEMS} rows, got ${rows}`);
});
