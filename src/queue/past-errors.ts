import type { PastError } from '../core/dead-letters.ts';
import { describeError, type ErrorData } from '../core/errors.ts';

/** Errors of an item that are kept; older ones are forgotten. */
const mostErrors = 10;
/** Characters of each. */
const longestMessage = 500;

/** `history` and what happened to the item at `at`, oldest first. */
export function withError(history: readonly PastError[], at: number, error: ErrorData): PastError[] {
  const message = describeError(error);
  const cut = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message;
  return [...history, { at, code: error.code, message: cut }].slice(-mostErrors);
}
