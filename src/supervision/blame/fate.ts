import { fullJitter } from '../../core/backoff.ts';
import { describeError } from '../../core/errors.ts';
import type { Failure } from '../../ipc/messages.ts';
import type { FailedAttempt, Fate } from '../../queue/fate.ts';
import type { Hub } from '../hub.ts';
import type { Outage } from './outage.ts';
import type { SinglingOut } from './singling-out.ts';

/** Longest wait that an item can request: 30 days. */
const longestRetryMs = 30 * 24 * 60 * 60 * 1000;
/** How long an item waits after a dependency error that names no time. */
const dependencyBackoff = { baseMs: 10_000, capMs: 10_000 };

/** The fate of an item after a failed attempt. */
export function fateOf(hub: FateDeps, failure: Failure, attempt: FailedAttempt, now: number): Fate {
  const { pipeline, outage } = hub;
  const { verdict, error } = failure;
  if (verdict === 'absent') {
    const doubt = pipeline.sinkHasLedger ? '' : ' (it may have been written: the sink has no transactions)';
    return { kind: 'dead', error, reason: `${error.message}${doubt}` };
  }
  if (verdict === 'dead') return { kind: 'dead', error, reason: describeError(error) };
  if (verdict === 'later') return later(hub, failure, attempt, now);
  if (!outage.isOn) return attemptUsed(hub, failure, attempt);
  return { kind: 'retry', error, usesAttempt: false, delayMs: ordinaryDelayMs(hub, attempt) };
}

export type FateDeps = Pick<Hub, 'settings' | 'random' | 'pipeline' | 'queue'> & {
  outage: Outage;
  singlingOut: SinglingOut;
};

/** It failed because of an external service, or asked for a later time. That uses an attempt if it fails alone. */
function later(hub: FateDeps, failure: Failure, attempt: FailedAttempt, now: number): Fate {
  const { random, queue, singlingOut } = hub;
  const { seq, error, outside, afterMs } = failure;
  const { lentAt, ownFault: before } = attempt;
  // User code may ask for a fraction of a millisecond, or for infinity.
  const delayMs = Math.min(Math.ceil(afterMs ?? fullJitter(dependencyBackoff, 1, random())), longestRetryMs);
  if (!outside) return { kind: 'retry', error, usesAttempt: false, delayMs };
  const { lent, retrying } = queue.stats;
  const open = { open: lent + retrying, isAnyDone: queue.run.done > 0 };
  const { usesAttempt, ownFault } = singlingOut.failed(now, { seq, ...outside, lentAt, ownFault: before, ...open });
  if (!usesAttempt) return { kind: 'retry', error, usesAttempt, ownFault, delayMs };
  const fate = attemptUsed(hub, failure, attempt, '; other items succeeded in the meantime');
  return fate.kind === 'dead'
    ? fate
    : { ...fate, ownFault, delayMs: Math.max(fate.delayMs, afterMs === null ? 0 : delayMs) };
}

function attemptUsed(hub: FateDeps, { error }: Failure, failed: FailedAttempt, why = ''): Fate {
  const { attempt } = failed;
  if (attempt < hub.settings.attempts) {
    return { kind: 'retry', error, usesAttempt: true, delayMs: ordinaryDelayMs(hub, failed) };
  }
  const times = attempt === 1 ? 'once' : `${attempt} times, the last time`;
  return { kind: 'dead', error, reason: `failed ${times}: ${describeError(error)}${why}` };
}

function ordinaryDelayMs({ settings, random }: FateDeps, { attempt }: FailedAttempt): number {
  return fullJitter(settings.retry, attempt, random());
}
