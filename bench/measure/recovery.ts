/** What a consumer recorded about an item. */
export interface Step {
  pid: number;
  seq: number;
  what: 'started' | 'ended';
  atNs: number;
}

export interface Kill {
  pid: number;
  atNs: number;
}

/**
 * How long after each kill the first, and the last, of the interrupted items ran again. Kills that interrupted no item
 * are left out.
 */
export function recoveries(kills: readonly Kill[], steps: readonly Step[]): { firstMs: number; lastMs: number }[] {
  return kills.flatMap(({ pid, atNs }) => {
    const own = steps.filter((step) => step.pid === pid);
    const ended = new Set(own.filter(({ what }) => what === 'ended').map(({ seq }) => seq));
    const cut = own.filter(({ what, seq }) => what === 'started' && !ended.has(seq)).map(({ seq }) => seq);
    if (cut.length === 0) return [];
    const againMs = cut.map((seq) => {
      const again = steps.find((step) => step.seq === seq && step.what === 'started' && step.atNs > atNs);
      if (!again) throw new Error(`item ${seq} did not run again after its consumer ${pid} was killed`);
      return (again.atNs - atNs) / 1e6;
    });
    return [{ firstMs: Math.min(...againMs), lastMs: Math.max(...againMs) }];
  });
}
