import { definePipeline, to } from 'millrace';
import { callVendor } from '../vendor-call.ts';

const { BENCH_ITEMS } = process.env;

/** Calls to a vendor that accepts any number at a time. */
export default definePipeline({
  name: 'io',
  *source() {
    for (let id = 1; id <= Number(BENCH_ITEMS); id++) yield { id };
  },
  async process({ id }, { fetch }) {
    await callVendor(id, fetch);
  },
  sink: to.discard(),
});
