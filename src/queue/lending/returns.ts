import type { Moment } from '../../core/clock.ts';
import { frameBytes, type Frame } from '../../frame/frame.ts';
import type { QueueParts } from '../parts.ts';
import { lengthOf, type DeadRecord, type RetryHead, type RetryRecord } from '../store.ts';
import type { Returned } from './holding.ts';

/** What happens to items that a holding no longer holds: they return to the queue, or leave it for good. */
export class Returns {
  readonly #parts: QueueParts;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** An item, or a run of them, is done. Returns how many. */
  finish(part: Returned): number {
    const { tallies, histories } = this.#parts;
    const size = lengthOf([part.from, part.to]);
    const { origin } = part.lent;
    if (origin.kind === 'frame') this.#settleInFrame(part);
    else this.#forgetRetry(origin.head.seq, part.lent.bytes);
    histories.settled(part.from, part.to);
    this.#clear(part);
    tallies.settle(size);
    return size;
  }

  /** An item that was lent is done, and is settled later: by `settleKept`. */
  keep(part: Returned): void {
    this.#parts.tallies.keep();
    this.#clear(part);
  }

  /** An item that was kept is settled. */
  settleKept(part: Returned): void {
    this.#parts.tallies.read();
    this.finish(part);
  }

  /** An item that failed will never run again. */
  bury(part: Returned, death: Pick<DeadRecord, 'reason' | 'error' | 'diedAt' | 'inSinks'>): void {
    const { tallies, letters } = this.#parts;
    const head = headOf(part);
    this.#failed(part);
    // Read before the item leaves its frame or its row.
    const frame = this.read(part);
    if (part.lent.origin.kind === 'frame') this.#settleInFrame(part);
    letters.add(head, { ...death, isKnownError: part.lent.mode === 'askOnly', frame });
    if (part.lent.origin.kind === 'retry') this.#forgetRetry(head.seq, frameBytes(frame));
    tallies.settle(1);
  }

  /** An item that failed waits for a retry. */
  retry(part: Returned, retry: Omit<RetryRecord, 'dueAt' | 'frame'>, moment: Moment): void {
    this.#failed(part);
    this.putOff(part, retry, moment);
  }

  /** An item that was lent waits for a retry. */
  putOff(part: Returned, retry: Omit<RetryRecord, 'dueAt' | 'frame'>, { wall }: Moment): void {
    const { pending, tallies } = this.#parts;
    const frame = part.lent.origin.kind === 'frame' ? this.read(part) : null;
    tallies.putOff();
    this.#settleInFrame(part);
    pending.add('retries', { ...retry, dueAt: wall + retry.delayMs, frame });
    if (frame) tallies.addBytes(frameBytes(frame));
  }

  /** Items that were not settled are queued again. Returns how many. */
  takeBack(part: Returned): number {
    const { tallies, trial, accused, returned } = this.#parts;
    const size = lengthOf([part.from, part.to]);
    tallies.takeBack(size);
    trial.end(part.from, part.to);
    const { origin } = part.lent;
    if (origin.kind === 'retry') {
      (accused.backlogOf(origin.head) ?? returned).retries.push(origin.head);
    } else {
      returned.items.add(part.from, part.to);
      accused.sort(returned.items, part.from, part.to);
    }
    return size;
  }

  /** An item that was lent, as a frame of its own. */
  read({ lent, from }: Pick<Returned, 'lent' | 'from'>): Frame {
    const { items } = this.#parts;
    return lent.origin.kind === 'retry' ? items.retry(from) : items.inFrame(from);
  }

  #failed(part: Returned): void {
    this.#parts.histories.settled(part.from, part.to);
    this.#clear(part);
  }

  /** The items are settled: they have not killed their consumer. */
  #clear({ lent: { mode }, from, to }: Returned): void {
    const { trial, accused } = this.#parts;
    trial.end(from, to);
    if (mode === 'askOnly') accused.blame.condemn(from);
    else accused.blame.clear(from, to);
  }

  #settleInFrame({ lent: { origin }, from, to }: Returned): void {
    if (origin.kind !== 'frame') return;
    const { frames, tallies, pending } = this.#parts;
    if (frames.settle(origin.frame, from, to)) tallies.freeBytes(origin.frame.bytes);
    pending.touch();
  }

  #forgetRetry(seq: number, bytes: number): void {
    const { pending, tallies } = this.#parts;
    pending.add('retriesGone', seq);
    tallies.freeBytes(bytes);
  }
}

/** An item that was lent, as a retry, with everything that is known about it. */
export function headOf({ lent: { origin }, from: seq }: Pick<Returned, 'lent' | 'from'>): RetryHead {
  if (origin.kind === 'retry') return origin.head;
  return { seq, origin: seq, attempt: 1, kills: 0, ownFault: 0, dueAt: 0, delayMs: 0 };
}
