import { errorData, verdictOf } from '../core/errors.ts';
import type { Failure } from '../ipc/messages.ts';

/** What a failed item wants to become of it. */
export function failureOf(seq: number, error: unknown): Failure {
  const data = errorData(error);
  switch (verdictOf(error)) {
    case 'permanent':
      return { seq, verdict: 'dead', error: data, afterMs: null };
    case 'retry-after':
      return { seq, verdict: 'later', error: data, afterMs: data.retryAfterMs ?? null };
    case 'dependency':
      return { seq, verdict: 'later', error: data, afterMs: null };
    case undefined:
      return { seq, verdict: 'retry', error: data, afterMs: null };
  }
}
