import { equalJitter } from '../../core/backoff.ts';
import type { Moment } from '../../core/clock.ts';
import { describeError, type ErrorData } from '../../core/errors.ts';
import type { Receiver } from '../../queue/lending/dispatch.ts';
import type { Queue } from '../../queue/queue.ts';

/** Failures indicate an outage only after they have lasted this long. */
const enoughMs = 10_000;
/** Waits between probes. */
const backoff = { baseMs: 1000, capMs: 60_000 };

/**
 * Detects that nothing succeeds any more. Continuing would then only use up the items' attempts and, because each
 * failed item leaves the queue for a while, empty the source into it. So one item at a time is tried, without using its
 * attempts, until one succeeds. Pure: time and randomness are passed in.
 */
export class Outage {
  readonly #enough: number;
  /** How many attempts have failed since one succeeded, and when the first of them did. */
  #failed = 0;
  #since = 0;
  #last: ErrorData | undefined;
  #isOn = false;
  #probes = 0;
  #probeAt = 0;

  /** Starts with this many attempts that have failed while none succeeded; with 0 it never starts. */
  constructor({ pauseAfter }: { pauseAfter: number }) {
    this.#enough = pauseAfter === 0 ? Infinity : pauseAfter;
  }

  /** Nothing has succeeded for so long that only probes may run. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** The reason for people; null if there is no outage. */
  get reason(): string | null {
    if (!this.#isOn || !this.#last) return null;
    return `every recent attempt failed (last error: ${describeError(this.#last)}); trying one item at a time, without using up attempts, until one succeeds`;
  }

  /** When the next probe may be made. */
  get probeAt(): number {
    return this.#probeAt;
  }

  succeeded(): void {
    this.#failed = 0;
    this.#isOn = false;
  }

  /** An attempt failed, for any reason that may go away. */
  failed(now: number, error: ErrorData): void {
    if (this.#failed === 0) this.#since = now;
    this.#failed += 1;
    this.#last = error;
    if (this.#isOn || this.#failed < this.#enough || now - this.#since < enoughMs) return;
    this.#isOn = true;
    this.#probes = 0;
    this.#probeAt = now + backoff.baseMs;
  }

  /**
   * Every second probe uses an item without earlier attempts: items that were tried before may be to blame themselves.
   */
  get triesUntried(): boolean {
    return this.#probes % 2 === 1;
  }

  /** A probe is running; `random` is in [0, 1). */
  probed(now: number, random: number): void {
    this.#probes += 1;
    this.#probeAt = now + equalJitter(backoff, this.#probes, random);
  }
}

/** Lends one item to a consumer if no consumer holds any. False if there was none to lend. */
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

/** Whether an error says that an external service is unreachable, which is not the fault of the item. */
export function isOutside({ code, cause }: ErrorData): boolean {
  return code === 'DEPENDENCY' || code === 'RETRY_AFTER' || (cause !== undefined && isOutside(cause));
}
