import type { DeliveryMode } from '../core/delivery.ts';
import type { ErrorData } from '../core/errors.ts';
import type { Frame } from '../frame/frame.ts';

/** A failed attempt of an item. */
export interface FailedAttempt {
  readonly seq: number;
  /** 1 for the first. */
  readonly attempt: number;
  /** How many of its failures look like an outage but may be its own fault; see `SinglingOut`. */
  readonly ownFault: number;
  /** When the item was lent for this attempt. */
  readonly lentAt: number;
  readonly mode: DeliveryMode;
  /** Reads the error of the attempt before; undefined if there was none. */
  readonly errorBefore: () => ErrorData | undefined;
  /** Reads the item, as a frame of its own. */
  readonly item: () => Frame;
}

/**
 * What happens to an item that failed with `error`: it runs again after `delayMs`, or it becomes a dead letter. Without
 * `ownFault`, that count does not change.
 */
export type Fate = (
  { kind: 'retry'; delayMs: number; usesAttempt: boolean; ownFault?: number } | { kind: 'dead'; reason: string }
) & {
  error: ErrorData;
  /** Sinks that have the item nevertheless. */
  inSinks?: readonly string[];
};
