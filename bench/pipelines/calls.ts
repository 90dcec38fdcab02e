import { definePipeline, discard } from 'millrace';

const { BENCH_ITEMS, BENCH_VENDOR, BENCH_CONCURRENCY } = process.env;

/** Calls of a vendor that takes no more than so many at once. */
export default definePipeline({
  name: 'calls',
  limits: { vendor: { concurrency: Number(BENCH_CONCURRENCY) } },
  *source() {
    for (let id = 1; id <= Number(BENCH_ITEMS); id++) yield { id };
  },
  async process({ id }, { fetch }) {
    const response = await fetch(`${BENCH_VENDOR}/api/v2/pokemon/${id}`, { limit: 'vendor' });
    if (!response.ok) throw new Error(`the vendor answered ${response.status}`);
    await response.json();
  },
  sink: discard(),
});
