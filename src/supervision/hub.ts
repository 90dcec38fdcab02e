import type { Clock } from '../core/clock.ts';
import type { MillraceError } from '../core/errors.ts';
import type { Limits } from '../limits/limits.ts';
import type { EventBus } from '../observability/events.ts';
import type { Queue } from '../queue/queue.ts';
import type { UnreadResults } from './roles/unread-results.ts';
import type { ServiceSettings } from './settings.ts';

/** What most parts of the supervisor share. Everything else is passed only to the parts that need it. */
export interface Hub {
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: EventBus;
  readonly settings: ServiceSettings;
  readonly pipeline: { readonly name: string; readonly file: string; readonly sinkHasLedger: boolean };
  readonly queue: Queue;
  readonly limits: Limits;
  /** Results that the program has not read; undefined if the sink is not `to.results()`. */
  readonly results?: UnreadResults | undefined;
  /** Something has changed: the tick comes at the end of this turn of the event loop. */
  readonly touch: () => void;
  /** Does `write`, a write to the spool that is not the queue's, in the next tick; if the spool is full, in a later one. */
  readonly record: (write: () => void) => void;
  /** The service cannot continue. It stops cleanly and ends with the error's exit code. */
  readonly fail: (error: MillraceError) => void;
  /** The supervisor's own state is wrong: it ends at once, without another write. */
  readonly broken: (error: unknown) => void;
}
