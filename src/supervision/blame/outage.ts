import { equalJitter } from '../../core/backoff.ts';
import type { Moment } from '../../core/clock.ts';
import { describeError, type ErrorData } from '../../core/errors.ts';
import type { Receiver } from '../../queue/lending/dispatch.ts';
import type { Queue } from '../../queue/queue.ts';

/** Not before they have gone on for so long do failures say that something outside is out. */
const enoughMs = 10_000;
/** Waits between probes. */
const backoff = { baseMs: 1000, capMs: 60_000 };

/**
 * Whether anything succeeds at all. While nothing does, going on would only use up the items' attempts and, because
 * each that fails leaves the queue for a while, empty the source into it. So one item at a time is tried, at no cost to
 * it, until one succeeds. Pure: time and chance come in.
 */
export class Outage {
  readonly #enough: number;
  /** Attempts that failed since one succeeded, and when the first of them did. */
  #failed = 0;
  #since = 0;
  #last: ErrorData | undefined;
  #isOn = false;
  #probes = 0;
  #probeAt = 0;

  /** Begins with so many attempts that have failed and none that has succeeded; with 0 it never does. */
  constructor({ pauseAfter }: { pauseAfter: number }) {
    this.#enough = pauseAfter === 0 ? Infinity : pauseAfter;
  }

  /** Nothing has succeeded for so long that only probes are to be made. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** For people; null while there is none. */
  get reason(): string | null {
    if (!this.#isOn || !this.#last) return null;
    return `nothing succeeds any more (the last error: ${describeError(this.#last)}); one item at a time is tried, without using up its attempts, until one succeeds`;
  }

  /** When the next probe may be made. */
  get probeAt(): number {
    return this.#probeAt;
  }

  succeeded(): void {
    this.#failed = 0;
    this.#isOn = false;
  }

  /** An attempt failed, for whatever reason but one that will never change. */
  failed(now: number, error: ErrorData): void {
    if (this.#failed === 0) this.#since = now;
    this.#failed += 1;
    this.#last = error;
    if (this.#isOn || this.#failed < this.#enough || now - this.#since < enoughMs) return;
    this.#isOn = true;
    this.#probes = 0;
    this.#probeAt = now + backoff.baseMs;
  }

  /** Every second probe is of an item that was not tried yet: those that were may be to blame themselves. */
  get triesUntried(): boolean {
    return this.#probes % 2 === 1;
  }

  /** A probe is under way; `random` is in [0, 1). */
  probed(now: number, random: number): void {
    this.#probes += 1;
    this.#probeAt = now + equalJitter(backoff, this.#probes, random);
  }
}

/** Lends one item to somebody, if nobody holds any. False if there was none to be lent. */
export function lendProbe(
  queue: Queue,
  receivers: readonly Receiver[],
  { triedLast }: { triedLast: boolean },
  moment: Moment,
): boolean {
  const [receiver] = receivers;
  if (!receiver || queue.stats.lent > 0) return false;
  const { holding, deliver } = receiver;
  const delivery =
    queue.take(holding, { items: 1, bytes: 1, triedLast }, moment) ??
    queue.takeMarked(holding, { items: 1, bytes: 1 }, moment) ??
    queue.takeAlone(holding, { bytes: 1 }, moment)[0];
  if (delivery) deliver(delivery);
  return delivery !== undefined;
}

/** Whether an error says that something outside cannot be reached: that is nobody's fault here. */
export function isOutside({ code, cause }: ErrorData): boolean {
  return code === 'DEPENDENCY' || code === 'RETRY_AFTER' || (cause !== undefined && isOutside(cause));
}
