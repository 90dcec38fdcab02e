/** The rate at which a count rises: items per second over the last seconds. */
export interface Rate {
  /** The count stands at `total` at `now` (monotonic milliseconds). */
  see(now: number, total: number): void;
  /** The rate per second, over the last 5 seconds or since the first `see`; 0 before that. */
  perSecond(now: number): number;
}

const windowMs = 5000;
const sampleMs = 250;

export function createRate(): Rate {
  const samples: { at: number; total: number }[] = [];
  let total = 0;

  const forget = (now: number): void => {
    while (samples.length > 1 && now - samples[0]!.at > windowMs) samples.shift();
  };

  return {
    see(now, value) {
      total = value;
      const last = samples.at(-1);
      if (last === undefined || now - last.at >= sampleMs) samples.push({ at: now, total });
      forget(now);
    },
    perSecond(now) {
      forget(now);
      const [first] = samples;
      return first === undefined || now === first.at ? 0 : ((total - first.total) / (now - first.at)) * 1000;
    },
  };
}
