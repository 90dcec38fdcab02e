import type { Rate } from '../core/units.ts';

export type { Rate };

const units: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** `{ count: 600, perMs: 60_000 }` as people write it: `600/min`. */
export function formatRate({ count, perMs }: Rate): string {
  const unit = units.find(([, ms]) => ms === perMs);
  return `${count}/${unit === undefined ? `${perMs}ms` : unit[0]}`;
}
