/**
 * Reads a paged API in the producer and sets a checkpoint after each page: after a crash only the page that was being
 * read is fetched again, and none of its names comes twice. No `process`: items go to the sink as they are.
 *
 * Needs the vendor: `npm run vendor` in another terminal.
 */
import { definePipeline, to } from 'millrace';

const vendor = process.env['VENDOR_URL'] ?? 'http://127.0.0.1:4151';
const pageSize = 20;

/** One page of names. */
interface Page {
  next: string | null;
  results: { name: string; url: string }[];
}

export default definePipeline({
  name: 'names',
  limits: { vendor: { concurrency: 10 } },

  async *source({ cursor, checkpoint, fetch }) {
    // Undefined at the first start; later, the value of the last checkpoint.
    let offset = typeof cursor === 'number' ? cursor : 0;
    for (let last = false; !last; offset += pageSize) {
      const response = await fetch(`${vendor}/api/v2/pokemon?limit=${pageSize}&offset=${offset}`, { limit: 'vendor' });
      if (!response.ok) throw new Error(`the vendor answered ${response.status}`);
      const page = (await response.json()) as Page;
      yield* page.results;
      checkpoint(offset + pageSize);
      last = page.next === null;
    }
  },

  sink: to.sqlite({ file: 'names.db', table: 'names', key: 'name' }),
});
