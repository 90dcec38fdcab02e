import { usageError } from '../core/errors.ts';
import { show } from '../core/show.ts';

/** The value of `flag` as a whole number from 1. Throws a usage error. */
export function wholeNumber(flag: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number > 0) return number;
  throw usageError(`--${flag}: expected a whole number from 1, got ${show(value)}`);
}
