import type { Cancel, Clock } from '../../core/clock.ts';
import type { Limits } from '../../limits/limits.ts';
import type { Who } from '../../observability/events.ts';
import type { Roster, Side } from '../roles/roster.ts';

/** The share of the stop time that running items have left when they are aborted: enough to flush what is done. */
const abortShare = 0.2;
const hurryMs = 2000;
/** How long a killed process may take to exit. If it hangs in the kernel it does not exit, and nothing waits for it. */
const giveUpMs = 5000;

export interface ShutdownOptions {
  clock: Clock;
  stopTimeoutMs: number;
  limits: Pick<Limits, 'closedUntil'>;
  roster: Roster;
  /** For people. */
  reason: string;
  /** Aborts the items that are still running. */
  onAbort: () => void;
  /** These were killed but do not exit. Stop waiting for them. */
  onGivenUp: (who: readonly Who[]) => void;
}

/**
 * Stops everything, in order: the producer reads no further and what it has sent is stored; the queue lends nothing
 * more; consumers give back what they have not started, finish what they have, and flush their sinks. The caller closes
 * the spool when all posts are over. When time is short, running items are aborted; when it is up, remaining processes
 * are killed. What they held stays in the queue.
 */
export class Shutdown {
  readonly #options: ShutdownOptions;
  #cancelAbort: Cancel;
  #cancelKill: Cancel;
  #cancelGiveUp: Cancel = () => undefined;
  #abortAt: number | null;
  #killAt: number;
  #hasForced = false;
  /** The closed limits that were last sent to consumers; undefined if none were sent. */
  #closed: string | undefined;
  #isHurried = false;

  constructor(options: ShutdownOptions) {
    this.#options = options;
    const { clock, stopTimeoutMs, roster } = options;
    for (const post of roster.posts) post.stop();
    const abortMs = stopTimeoutMs * (1 - abortShare);
    this.#abortAt = clock.now() + abortMs;
    this.#killAt = clock.now() + stopTimeoutMs;
    this.#cancelAbort = clock.after(abortMs, () => this.#abort());
    this.#cancelKill = clock.after(stopTimeoutMs, () => this.#kill());
  }

  /** Why it stops, when running items are aborted (null: already done) and when the remaining processes are killed. */
  get status(): { reason: string; abortAt: number | null; killAt: number } {
    return { reason: this.#options.reason, abortAt: this.#abortAt, killAt: this.#killAt };
  }

  /**
   * Makes consumers give back items that only wait for permits that will not come in time: they would be aborted in the
   * end. Call it after each change.
   */
  advance(): void {
    const { clock, limits, roster } = this.#options;
    if (this.#abortAt === null) return;
    const now = clock.now();
    const closed = limits.closedUntil(this.#abortAt, now);
    const news = closed.join(' ');
    if (news === this.#closed) return;
    this.#closed = news;
    for (const consumer of roster.consumers.all) consumer.withdraw(closed, this.#abortAt - now);
  }

  /** A process had to be killed. */
  get hasForced(): boolean {
    return this.#hasForced;
  }

  get isHurried(): boolean {
    return this.#isHurried;
  }

  /**
   * No more patience: abort now, kill soon. Do not call it again once it `isHurried`, because that would delay the
   * kill.
   */
  hurry(): void {
    this.#isHurried = true;
    this.done();
    this.#abort();
    this.#killAt = this.#options.clock.now() + hurryMs;
    this.#cancelKill = this.#options.clock.after(hurryMs, () => this.#kill());
  }

  /** All are gone: nothing is left to force. */
  done(): void {
    this.#cancelAbort();
    this.#cancelKill();
    this.#cancelGiveUp();
  }

  #abort(): void {
    this.#abortAt = null;
    this.#options.onAbort();
    for (const consumer of this.#options.roster.consumers.all) if (consumer.post.child) consumer.abort();
  }

  #kill(): void {
    for (const { post } of this.#left()) {
      this.#hasForced = true;
      post.child?.kill('still running when stopTimeout expired');
    }
    const { clock, onGivenUp } = this.#options;
    this.#cancelGiveUp = clock.after(giveUpMs, () => onGivenUp(this.#left().map(({ post }) => post.who)));
  }

  #left(): Side[] {
    return this.#options.roster.sides.filter(({ post }) => post.child);
  }
}
