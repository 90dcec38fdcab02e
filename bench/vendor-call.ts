interface Answer {
  ok: boolean;
  status: number;
  json: () => Promise<unknown>;
}

/** Fetches record `id` of the vendor, and reads it. */
export async function callVendor(id: number, fetch: (url: string) => Promise<Answer>): Promise<void> {
  const response = await fetch(`${process.env['BENCH_VENDOR']}/api/v2/pokemon/${id}`);
  if (!response.ok) throw new Error(`the vendor answered ${response.status}`);
  await response.json();
}
