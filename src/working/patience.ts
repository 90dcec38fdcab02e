import { equalJitter, type Backoff } from '../core/backoff.ts';
import { pause, type Clock } from '../core/clock.ts';
import { describeWithPlace, errorData } from '../core/errors.ts';
import type { Redaction } from '../core/redaction.ts';
import { sinkFailureOf } from '../sinks/port.ts';
import type { SinkState } from './sink-state.ts';

const backoff: Backoff = { baseMs: 500, capMs: 30_000 };

/** The parts that are needed to wait for a sink. */
export interface Patience {
  clock: Clock;
  random: () => number;
  redaction: Redaction;
  /** Ends the waiting. */
  signal: AbortSignal;
  /** Called with whether the sink accepts anything. */
  sinkState: Pick<SinkState, 'set'>;
}

/**
 * Repeats `task` with back-off until the sink accepts it. Rejects only with errors that are `isFinal`; resolves to
 * 'given up' when the waiting is ended.
 */
export async function patiently<T>(
  task: () => Promise<T>,
  { clock, random, redaction, signal, sinkState }: Patience,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<{ status: 'done'; value: T } | { status: 'given up' }> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      const value = await task();
      sinkState.set(null);
      return { status: 'done', value };
    } catch (error) {
      if (isFinal(error)) throw error;
      sinkState.set(describeWithPlace(redaction.error(errorData(error))));
      await pause(clock, equalJitter(backoff, attempt, random()), signal);
    }
  }
  return { status: 'given up' };
}

/** Waiting does not help: the sink has barred this process, is a different sink now, or shows a bug in Millrace. */
export function isBeyondWaiting(error: unknown): boolean {
  return ['fenced', 'fatal'].includes(sinkFailureOf(error));
}
