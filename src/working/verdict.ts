import { errorData, outsideOf, verdictOf, type Verdict } from '../core/errors.ts';
import type { Redaction } from '../core/redaction.ts';
import { isRecordError } from '../sources/port.ts';
import type { Failure } from '../ipc/messages.ts';

const verdicts: Record<Verdict, Failure['verdict']> = {
  permanent: 'dead',
  'retry-after': 'later',
  dependency: 'later',
};

/** Decides what should happen to an item that failed with `error`, which may be any thrown value. Never throws. */
export function failureOf(seq: number, error: unknown, redaction: Redaction): Failure {
  // Redacted here, and not where it is shown, because it is stored as well.
  const data = redaction.error(errorData(error));
  const verdict = safely(() => verdictOf(error));
  const endsRun = safely(() => isRecordError(error) && error.endsRun) === true;
  const outside = verdict === 'permanent' ? undefined : safely(() => outsideOf(error));
  return {
    seq,
    verdict: endsRun ? 'endsRun' : verdict === undefined ? 'retry' : verdicts[verdict],
    error: data,
    afterMs: data.retryAfterMs ?? null,
    ...(outside && { outside: { limit: outside.limit } }),
  };
}

function safely<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    // A proxy or a getter may throw. Then the value tells us nothing.
    return undefined;
  }
}
