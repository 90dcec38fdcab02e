import type { PastError } from '../core/dead-letters.ts';
import { describeError, type ErrorData } from '../core/errors.ts';

/** How many errors of an item are kept; older errors are forgotten. */
const mostErrors = 10;
/** How many characters of each error are kept. */
const longestMessage = 500;

/** Returns `history` with the error that the item had at `at` added; oldest first. */
export function withError(history: readonly PastError[], at: number, error: ErrorData): PastError[] {
  const message = describeError(error);
  const cut = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message;
  return [...history, { at, code: error.code, message: cut }].slice(-mostErrors);
}
