import { fullJitter } from '../../core/backoff.ts';
import { describeError } from '../../core/errors.ts';
import type { Failure } from '../../ipc/messages.ts';
import type { Fate } from '../../queue/queue.ts';
import type { Hub } from '../hub.ts';

/** Longest wait that an item can request: 30 days. */
const longestRetryMs = 30 * 24 * 60 * 60 * 1000;
/** How long an item waits after a dependency error without a time. */
const dependencyBackoff = { baseMs: 10_000, capMs: 10_000 };

/** The try of an item that failed. */
export interface Tried {
  attempt: number;
  suspicion: number;
  lentAt: number;
}

/** What becomes of an item whose try failed. */
export function fateOf(hub: FateHub, failure: Failure, tried: Tried, now: number): Fate {
  const { pipeline, outage } = hub;
  const { verdict, error } = failure;
  if (verdict === 'absent') {
    const doubt = pipeline.sinkHasLedger ? '' : ' (it may have been written: the sink has no transactions)';
    return { kind: 'dead', reason: `${error.message}${doubt}` };
  }
  if (verdict === 'dead') return { kind: 'dead', reason: describeError(error) };
  if (verdict === 'later') return later(hub, failure, tried, now);
  if (!outage.isOn) return attemptUsed(hub, failure, tried);
  return { kind: 'retry', usesAttempt: false, delayMs: ordinaryDelayMs(hub, tried) };
}

export type FateHub = Pick<Hub, 'settings' | 'random' | 'pipeline' | 'outage' | 'singlingOut' | 'queue'>;

/** It failed because of something outside, or asked for a later time. That uses an attempt if it fails alone. */
function later(hub: FateHub, failure: Failure, tried: Tried, now: number): Fate {
  const { random, queue, singlingOut } = hub;
  const { seq, outside, afterMs } = failure;
  // User code may ask for a fraction of a millisecond, or for ever.
  const delayMs = Math.min(Math.ceil(afterMs ?? fullJitter(dependencyBackoff, 1, random())), longestRetryMs);
  if (!outside) return { kind: 'retry', usesAttempt: false, delayMs };
  const { lent, retrying } = queue.stats;
  const open = { open: lent + retrying, isAnyDone: queue.run.done > 0 };
  const { usesAttempt, suspicion } = singlingOut.failed(now, { seq, ...outside, ...tried, ...open });
  if (!usesAttempt) return { kind: 'retry', usesAttempt, suspicion, delayMs };
  const fate = attemptUsed(hub, failure, tried, '; other items succeeded meanwhile');
  return fate.kind === 'dead'
    ? fate
    : { ...fate, suspicion, delayMs: Math.max(fate.delayMs, afterMs === null ? 0 : delayMs) };
}

function attemptUsed(hub: FateHub, { error }: Failure, { attempt, ...tried }: Tried, why = ''): Fate {
  if (attempt < hub.settings.attempts) {
    return { kind: 'retry', usesAttempt: true, delayMs: ordinaryDelayMs(hub, { attempt, ...tried }) };
  }
  const times = attempt === 1 ? 'once' : `${attempt} times, the last time`;
  return { kind: 'dead', reason: `failed ${times}: ${describeError(error)}${why}` };
}

function ordinaryDelayMs({ settings, random }: FateHub, { attempt }: Tried): number {
  return fullJitter({ baseMs: settings.retryBaseMs, capMs: settings.retryCapMs }, attempt, random());
}
