import { definePipeline, discard } from 'millrace';

const { BENCH_ITEMS, BENCH_VENDOR } = process.env;

/** Calls of a vendor that takes any number at once. */
export default definePipeline({
  name: 'io',
  *source() {
    for (let id = 1; id <= Number(BENCH_ITEMS); id++) yield { id };
  },
  async process({ id }, { fetch }) {
    const response = await fetch(`${BENCH_VENDOR}/api/v2/pokemon/${id}`);
    if (!response.ok) throw new Error(`the vendor answered ${response.status}`);
    await response.json();
  },
  sink: discard(),
});
