/** Numbers for people: short, and correct in all digits that they show. */

/** `1234567` → `1,234,567`; a whole number from 0. Not Intl, which takes milliseconds to start. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Items per second: `8,450/s`, `12.3/s`, `0.25/s`. */
export function perSecond(rate: number): string {
  if (rate >= 100) return `${count(Math.round(rate))}/s`;
  return `${rate >= 10 || rate === 0 ? trim(rate.toFixed(1)) : trim(rate.toFixed(2))}/s`;
}

/** `1 item`, `2 items`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function trim(decimals: string): string {
  return decimals.replace(/\.?0+$/, '');
}
