import { definePipeline, to } from 'millrace';
import { callVendor } from '../vendor-call.ts';

const { BENCH_ITEMS, BENCH_CONCURRENCY } = process.env;

/** Calls to a vendor that accepts only a limited number at a time. */
export default definePipeline({
  name: 'calls',
  limits: { vendor: { concurrency: Number(BENCH_CONCURRENCY) } },
  *source() {
    for (let id = 1; id <= Number(BENCH_ITEMS); id++) yield { id };
  },
  async process({ id }, { fetch }) {
    await callVendor(id, (url) => fetch(url, { limit: 'vendor' }));
  },
  sink: to.discard(),
});
