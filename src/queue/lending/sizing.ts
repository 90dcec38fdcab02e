/**
 * How much work a consumer is lent: about `targetMs`. By Little's law, items in progress = rate × time. So the allowance
 * is the consumer's measured rate times the target, and never less than its slots.
 *
 * It starts at the slots and at most doubles with each completed delivery, so that slow items are never heaped on
 * the first consumer that asked. A consumer whose slots are empty while it waits for its sink is lent more, whatever its
 * rate: the rate is low because it has too few items in progress. It gets at most twice what it held, because an almost
 * empty queue leaves slots empty as well. When items become slow, the allowance shrinks by a quarter at a time.
 *
 * For items that block the event loop, slots mean nothing: only one of them runs at a time, and a blocked consumer cannot
 * give anything back. Such a consumer is lent as many items as can really run at the same time, plus one.
 */
const targetMs = 75;
// A measured time below this is the clock's resolution rather than work.
const shortestMs = 0.05;
const smallestStep = 0.75;
// An average over many items has a finer resolution.
const shortestItemMs = 0.0001;
/** An item that blocks the event loop for less than this does not keep others from running. */
const leastBlockedMs = 5;
/** The weight of the latest items in the average duration. */
const paceWeight = 0.25;

export class Sizing {
  readonly #slots: number;
  #allowance: number;
  #isStarved = false;
  /** The most items that it held since it last reported how many of its slots are idle. */
  #mostHeld = 0;
  /** Items settled so far: the difference between two moments is the work done between them. */
  #settled = 0;
  /** Averages, in milliseconds. */
  #pace: { took: number; blocked: number } | undefined;

  constructor(slots: number) {
    this.#slots = slots;
    this.#allowance = slots;
  }

  /** How many items the consumer may hold at a time. */
  get allowance(): number {
    const { lanes } = this;
    if (lanes === this.#slots) return this.#allowance;
    const most = Math.max(lanes + 1, Math.ceil(targetMs / this.#pace!.blocked));
    return Math.min(Math.max(this.#allowance, lanes + 1), most);
  }

  /** How many items can run at the same time: its slots, or fewer if items block the event loop for most of their time. */
  get lanes(): number {
    if (!this.#pace || this.#pace.blocked < leastBlockedMs) return this.#slots;
    const { took, blocked } = this.#pace;
    return Math.min(Math.max(Math.round(took / blocked), 1), this.#slots);
  }

  /** The same, judged by the items that have ended; 1 before any has ended. */
  get capacity(): number {
    return this.#pace ? this.lanes : 1;
  }

  /**
   * How many items the consumer may have started without announcing them: as many as it has slots. For quick items, as
   * many as its slots can do in the time that it is lent work for; otherwise it would have to announce each delivery, at a
   * noticeable cost.
   */
  get unannounced(): number {
    if (!this.#pace) return this.#slots;
    const { took, blocked } = this.#pace;
    const itemMs = Math.max(took / this.#slots, blocked, shortestItemMs);
    return Math.max(this.#slots, Math.floor(targetMs / itemMs));
  }

  /** Returns the mark to keep with a delivery that is lent now. */
  lent(now: number): SizingMark {
    return { at: now, settled: this.#settled };
  }

  /** Takes a consumer's report: how long its items took, and how much of that time they blocked its event loop. */
  paced({ ran, tookMs, blockedMs }: Pace): void {
    if (ran === 0) return;
    const took = tookMs / ran;
    const blocked = Math.min(blockedMs / ran, took);
    const weight = this.#pace ? paceWeight : 1;
    const before = this.#pace ?? { took, blocked };
    this.#pace = {
      took: before.took + (took - before.took) * weight,
      blocked: before.blocked + (blocked - before.blocked) * weight,
    };
  }

  /** How long an item takes from start to end; undefined if none has ended yet. */
  get itemMs(): number | undefined {
    return this.#pace?.took;
  }

  /** The consumer holds this many items. */
  held(items: number): void {
    this.#mostHeld = Math.max(this.#mostHeld, items);
  }

  settled(items: number): void {
    this.#settled += items;
  }

  /** The consumer reports how many of its slots are idle, with nothing left to start. */
  idle(slots: number): void {
    this.#isStarved = slots * 2 > this.#slots;
    this.#mostHeld = 0;
  }

  /** A delivery has been completely settled. */
  completed(mark: SizingMark, now: number): void {
    const rate = (this.#settled - mark.settled) / Math.max(now - mark.at, shortestMs);
    const wanted = Math.max(Math.ceil(rate * targetMs), this.#isStarved ? this.#mostHeld * 2 : 0);
    const smallest = Math.floor(this.#allowance * smallestStep);
    this.#allowance = Math.max(this.#slots, smallest, Math.min(wanted, this.#allowance * 2));
  }
}

/** How long `ran` items took in total, and how long they blocked the event loop. */
interface Pace {
  ran: number;
  tookMs: number;
  blockedMs: number;
}

export interface SizingMark {
  at: number;
  settled: number;
}
