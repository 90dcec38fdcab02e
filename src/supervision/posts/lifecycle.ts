import type { ChildState } from '../../observability/events.ts';

/**
 * The life of a post (the producer's, or a consumer's), as a table. Nothing else decides which state follows.
 *
 *     stopped ─start─▶ starting ─ready─▶ ready ─drain─▶ draining ─gone─▶ stopped
 *                         │ ▲              │                │
 *                       crash└──start── backoff ◀─crash┘◀─crash┘      crashed too often: parked; a candidate that goes: stopped
 */
export type LifeEvent =
  /** A process is started. */
  | 'start'
  /** It reports that it is ready. */
  | 'ready'
  /** It has been asked to end or to stop. */
  | 'drain'
  /** It has gone without being asked, or before it had done its end work, and will be replaced. */
  | 'crash'
  /** The same, but too often: it will not be replaced. */
  | 'park'
  /** It has gone as requested, or was only a candidate; or the post is given up while it has no process. */
  | 'gone';

const table: Record<ChildState, Partial<Record<LifeEvent, ChildState>>> = {
  stopped: { start: 'starting', gone: 'stopped' },
  starting: { ready: 'ready', drain: 'draining', crash: 'backoff', park: 'parked', gone: 'stopped' },
  ready: { drain: 'draining', crash: 'backoff', park: 'parked', gone: 'stopped' },
  draining: { drain: 'draining', gone: 'stopped', crash: 'backoff', park: 'parked' },
  backoff: { start: 'starting', gone: 'stopped' },
  parked: { gone: 'stopped' },
};

/** The state that follows. Throws on an impossible transition: that is a bug. */
export function next(state: ChildState, event: LifeEvent): ChildState {
  const following = table[state][event];
  if (!following) throw new Error(`a post that is ${state} cannot take "${event}"`);
  return following;
}
