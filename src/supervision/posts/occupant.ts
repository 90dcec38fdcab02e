import type { Beat, Stop } from '../../ipc/messages.ts';
import type { LastError } from '../blame/death.ts';
import type { Child } from './child.ts';
import { Outbox } from './outbox.ts';

/** A process on a post, and what it has reported so far. */
export interface Occupant<In, Out> {
  readonly child: Child<In, Out | Stop>;
  /** Messages to it that wait for a commit. */
  readonly outbox: Outbox<Out>;
  isGone: boolean;
  wasReady: boolean;
  /** It has reported that it has ended: none of its work is unfinished. */
  hasEnded: boolean;
  /** Its last beat, and when that came. */
  beat: { at: number; beat: Beat } | undefined;
  /** The reason for its coming end, as last reported. */
  lastError: LastError | undefined;
}

export function occupantFor<In, Out>(child: Child<In, Out | Stop>): Occupant<In, Out> {
  const outbox = new Outbox<Out>((message) => child.send(message));
  return { child, outbox, isGone: false, wasReady: false, hasEnded: false, beat: undefined, lastError: undefined };
}
