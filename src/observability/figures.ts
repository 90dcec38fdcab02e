/** Numbers for people: short, and never wrong by more than they show. */

const grouped = new Intl.NumberFormat('en-US');

/** `1234567` → `1,234,567`. */
export function count(value: number): string {
  return grouped.format(value);
}

/** Items a second: `8,450/s`, `12.3/s`, `0.25/s`. */
export function perSecond(rate: number): string {
  if (rate >= 100) return `${count(Math.round(rate))}/s`;
  return `${rate >= 10 || rate === 0 ? trim(rate.toFixed(1)) : trim(rate.toFixed(2))}/s`;
}

/** A span of milliseconds: `80 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${trim(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 'min');
  return pair(Math.round(minutes / 60), 24, 'd', 'h');
}

/** Bytes in powers of 1,024: `512 B`, `1.4 KiB`, `96 MiB`. */
export function bytes(value: number): string {
  let size = value;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (size < 1023.5) return `${size < 9.95 && unit !== 'B' ? trim(size.toFixed(1)) : Math.round(size)} ${unit}`;
    size /= 1024;
  }
  return `${trim(size.toFixed(1))} TiB`;
}

/** `1 item`, `2 items`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function pair(value: number, base: number, big: string, small: string): string {
  const rest = value % base;
  return `${Math.floor(value / base)} ${big}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

function trim(decimals: string): string {
  return decimals.replace(/\.?0+$/, '');
}
