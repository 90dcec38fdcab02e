import { show } from './show.ts';

const durationUnits: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const byteUnits: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1000],
  ['kib', 1024],
  ['mb', 1000 ** 2],
  ['mib', 1024 ** 2],
  ['gb', 1000 ** 3],
  ['gib', 1024 ** 3],
]);

/**
 * Milliseconds of a duration: `250ms`, `1.5s`, `5min` (or `5m`), `2h`, `1d`, with or without a space before the unit,
 * or a number of milliseconds. Text without a unit is refused, except `0`, because half of its writers would mean
 * seconds. Throws a TypeError that names the accepted form.
 */
export function parseDuration(value: unknown): number {
  const ms = value === '0' ? 0 : scaled(value, durationUnits);
  if (ms === undefined) {
    throw new TypeError(`expected a duration such as 250ms, 60s, 5min, 2h or 1d, got ${show(value)}`);
  }
  return Math.round(ms);
}

/**
 * Bytes of a size: `512`, `64KiB`, `16MiB`, `1.5GiB` (powers of 1024), `64kB`, `16MB`, `2GB` (powers of 1000), with or
 * without a space before the unit, capitals or not (nobody means bits here); or a number of bytes. Throws a TypeError
 * that names the accepted form.
 */
export function parseBytes(value: unknown): number {
  const bytes = scaled(typeof value === 'string' ? value.toLowerCase() : value, byteUnits);
  if (bytes === undefined) {
    throw new TypeError(`expected a size such as 64KiB, 16MiB, 1GiB or a number of bytes, got ${show(value)}`);
  }
  return Math.round(bytes);
}

/** At most `count` calls in any `perMs` milliseconds. */
export interface Rate {
  count: number;
  perMs: number;
}

/**
 * `100/s`, `600/min`, `5000/h`, or with a number in the period: `10/250ms`. The count is a whole number from 1.
 * Throws a TypeError that names the accepted form.
 */
export function parseRate(value: unknown): Rate {
  const [, countText = '', period = ''] = (typeof value === 'string' && /^(\d+) ?\/ ?(\S+)$/.exec(value)) || [];
  const count = Number(countText);
  const perMs = scaled(/^\d/.test(period) ? period : `1${period}`, durationUnits);
  if (!Number.isSafeInteger(count) || count < 1 || perMs === undefined || perMs < 1) {
    throw new TypeError(`expected a rate such as "100/s" or "600/min", got ${show(value)}`);
  }
  return { count, perMs };
}

/** Returns a number as it is, and converts text by its unit. Undefined for other values and for values below 0. */
function scaled(value: unknown, units: ReadonlyMap<string, number>): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  const [, number, unit = ''] = (typeof value === 'string' && /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(value)) || [];
  const scale = units.get(unit);
  return number === undefined || scale === undefined ? undefined : Number(number) * scale;
}

/** `250ms`, `25s`, `90s`, `5min`, `2.5h`: for messages; rounded to a tenth of the unit. */
export function formatDuration(ms: number): string {
  return formatted(ms, [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
    ['ms', 1],
  ]);
}

/** `512B`, `64KiB`, `1.5GiB`: for messages; rounded to a tenth of the unit. */
export function formatBytes(bytes: number): string {
  return formatted(bytes, [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
    ['B', 1],
  ]);
}

function formatted(value: number, units: readonly [name: string, size: number][]): string {
  // A unit is used from twice its size, because 90s is clearer than 1.5min; also for exactly one.
  const [name, size] = units.find(([, unit]) => value === unit || value >= 2 * unit) ?? units.at(-1)!;
  return `${Math.round((value / size) * 10) / 10}${name}`;
}
