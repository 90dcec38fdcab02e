import { describeError, type ErrorData } from '../core/errors.ts';

/** Why an item died, without the text of its error, which is shown next to it; undefined if nothing remains. */
export function shortReason(reason: string, error: ErrorData): string | undefined {
  const message = describeError(error);
  if (reason === message) return undefined;
  const end = `: ${message}`;
  return reason.endsWith(end) ? reason.slice(0, -end.length) : reason;
}
