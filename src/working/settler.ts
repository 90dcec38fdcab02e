import { Intervals } from '../core/intervals.ts';
import { Waiters } from '../core/waiters.ts';
import type { Failure, Settle } from '../ipc/messages.ts';

/** Failures carry messages and stacks of user code. This many always fit into a message. */
const mostFailures = 100;

/** The consumer's figures, which go with each settle. */
type Report = Pick<Settle, 'idle' | 'ran' | 'tookMs' | 'blockedMs'>;

const nothingToReport: Report = { idle: 0, ran: 0, tookMs: 0, blockedMs: 0 };

/**
 * Reports the outcome of items to the supervisor. One settle is on its way at a time; further outcomes are collected
 * for the next, so settles grow with the load without a timer.
 */
export class Settler {
  readonly #send: (message: Settle) => void;
  readonly #report: () => Report;
  #done = new Intervals();
  readonly #failed: Failure[] = [];
  #used = new Map<string, number>();
  #parts: Readonly<Record<string, unknown>> | undefined;
  #found = 0;
  #isAwaitingAnswer = false;
  #isScheduled = false;
  readonly #waiters = new Waiters();

  /** `report` is called for each settle that is sent. */
  constructor(send: (message: Settle) => void, report: () => Report = () => nothingToReport) {
    this.#send = send;
    this.#report = report;
  }

  /** `used`: how many of them made calls under which limits. `parts`: where this writer's parts end, with these items in them. */
  done(
    items: Intervals,
    used: ReadonlyMap<string, number> = new Map(),
    parts?: Readonly<Record<string, unknown>>,
  ): void {
    this.#parts = parts ?? this.#parts;
    for (const [from, to] of items) this.#done.add(from, to);
    for (const [limit, count] of used) this.#used.set(limit, (this.#used.get(limit) ?? 0) + count);
    this.#schedule();
  }

  failed(failure: Failure): void {
    this.#failed.push(failure);
    this.#schedule();
  }

  /** The sink already had these items. */
  found(items: Intervals): void {
    this.#found += items.size;
    this.done(items);
  }

  /** The supervisor has committed the settle that was on its way. */
  settled(): void {
    this.#isAwaitingAnswer = false;
    this.#flush();
    if (this.#isIdle) this.#waiters.wake();
  }

  /** Resolves when everything is settled and confirmed. */
  idle(): Promise<void> {
    return this.#isIdle ? Promise.resolve() : this.#waiters.next();
  }

  get #isIdle(): boolean {
    return !this.#isAwaitingAnswer && this.#done.isEmpty && this.#failed.length === 0;
  }

  // In a microtask, so that outcomes of one tick go together.
  #schedule(): void {
    if (this.#isScheduled || this.#isAwaitingAnswer) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isAwaitingAnswer || (this.#done.isEmpty && this.#failed.length === 0)) return;
    this.#isAwaitingAnswer = true;
    const failed = this.#failed.splice(0, mostFailures);
    const message: Settle = { type: 'settle', done: this.#done.toFlat(), failed, ...this.#report() };
    this.#done = new Intervals();
    if (this.#parts) message.parts = this.#parts;
    this.#parts = undefined;
    if (this.#found > 0) message.found = this.#found;
    this.#found = 0;
    if (this.#used.size > 0) {
      message.used = Object.fromEntries(this.#used);
      this.#used = new Map();
    }
    this.#send(message);
  }
}
