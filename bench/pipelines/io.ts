import { definePipeline, to } from 'millrace';
import { callVendor } from '../vendor-call.ts';

const { BENCH_ITEMS } = process.env;

/** Calls of a vendor that takes any number at once. */
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
