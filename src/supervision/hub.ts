import type { Clock } from '../core/clock.ts';
import type { MillraceError } from '../core/errors.ts';
import type { QueueStart } from '../core/queue-start.ts';
import type { Limits } from '../limits/limits.ts';
import type { PipelineDescription } from '../ipc/messages.ts';
import type { EventBus, Who } from '../observability/events.ts';
import type { Queue } from '../queue/queue.ts';
import type { ProcessIdentity, Writers } from '../queue/writers.ts';
import type { Loaded } from './replacing/admission.ts';
import type { Comparison } from './replacing/fingerprint.ts';
import type { Outage } from './blame/outage.ts';
import type { ServiceSettings } from './settings.ts';
import type { SinglingOut } from './blame/singling-out.ts';

/** What the parts of the supervisor share. */
export interface Hub {
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: EventBus;
  readonly settings: ServiceSettings;
  readonly pipeline: { readonly name: string; readonly file: string; readonly sinkHasLedger: boolean };
  readonly queue: Queue;
  readonly limits: Limits;
  readonly writers: Pick<Writers, 'register' | 'ended' | 'fenced'>;
  readonly start: QueueStart;
  /** Whether the kernel kills the children when the supervisor dies. */
  readonly childrenDieWithUs: boolean;
  readonly identify: (pid: number) => ProcessIdentity | undefined;
  /** Hands bytes to the supervisor's standard output; `done` is called when they are with the operating system. */
  readonly writeOut: (bytes: Buffer, done: () => void) => void;
  readonly outage: Outage;
  readonly singlingOut: SinglingOut;
  /**
   * A process reports what it has loaded from the pipeline file. Returns undefined if it may work with that; else the
   * reason, and the caller ends it. `compare` says whether the run can continue with it; by default, as for a reload.
   */
  readonly admit: (
    who: Who,
    loaded: Loaded,
    compare?: (pipeline: PipelineDescription) => Comparison,
  ) => string | undefined;
  /** A process that was admitted is ready: the file is good. */
  readonly proven: () => void;
  /** Why a process that dies is not replaced for now; undefined if it is. */
  readonly heldBack: () => string | undefined;
  /** Something has changed: there will be a tick. */
  readonly touch: () => void;
  /** Does `write`, a write to the spool beside the queue's, in the next tick; if the spool is full, in a later one. */
  readonly record: (write: () => void) => void;
  /** The service cannot go on. It drains and ends with the error's exit code. */
  readonly fail: (error: MillraceError) => void;
  /** The supervisor's own books are wrong: it ends at once, without another write. */
  readonly broken: (error: unknown) => void;
}

/** How often children say that they are alive. */
export const beatMs = 1000;
