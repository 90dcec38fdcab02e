import type { Run } from '../stage.ts';
import { startVendor, type VendorLoad, type VendorStats } from '../vendor.ts';

/** Runs a program that makes all `load.calls` to a vendor; throws if the vendor counted anything else. */
export async function withVendor(
  load: VendorLoad,
  run: (env: Record<string, string>) => Promise<Run>,
): Promise<VendorStats> {
  const vendor = await startVendor(load);
  try {
    await run({
      BENCH_ITEMS: String(load.calls),
      BENCH_VENDOR: vendor.url,
      BENCH_CONCURRENCY: String(load.concurrency),
    });
    const stats = await vendor.stats();
    const { answered, refused, mostInFlight } = stats;
    if (answered !== load.calls || refused > 0) {
      throw new Error(
        `expected ${load.calls} answers and no refusal, got ${answered}, ${refused} and ${mostInFlight} at once`,
      );
    }
    return stats;
  } finally {
    await vendor.stop();
  }
}
