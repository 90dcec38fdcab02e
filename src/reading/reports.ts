import type { Clock } from '../core/clock.ts';
import { formatDuration } from '../core/units.ts';
import { Waiters } from '../core/waiters.ts';

export interface ReportsOptions {
  clock: Clock;
  /** How long one call may take. */
  timeoutMs: number;
  /** The name of the call, such as `stored`, for error messages. */
  what: string;
  /** A call failed, or took too long: this process cannot continue. */
  onFailed: (error: unknown) => void;
}

/**
 * Reports a position to a source, one call at a time and in order. A call that becomes due during another one replaces
 * a waiting call, because the later position includes the earlier one.
 */
export class Reports {
  readonly #options: ReportsOptions;
  #next: (() => void | Promise<void>) | undefined;
  #isReporting = false;
  /** A call has failed: nothing more is reported. */
  #hasFailed = false;
  readonly #waiters = new Waiters();

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** A call is in progress. */
  get isBusy(): boolean {
    return this.#isReporting;
  }

  report(call: () => void | Promise<void>): void {
    if (this.#hasFailed) return;
    this.#next = call;
    if (this.#isReporting) return;
    this.#isReporting = true;
    void this.#run();
  }

  /** Resolves when no call is running and none is due; also after a call has failed. */
  idle(): Promise<void> {
    return this.#isReporting ? this.#waiters.next() : Promise.resolve();
  }

  async #run(): Promise<void> {
    const { clock, timeoutMs, what, onFailed } = this.#options;
    const tooLong = (): void =>
      onFailed(new Error(`the source's ${what} took longer than ${formatDuration(timeoutMs)} (itemTimeout)`));
    try {
      while (this.#next) {
        const call = this.#next;
        this.#next = undefined;
        const cancel = clock.after(timeoutMs, tooLong);
        try {
          await call();
        } finally {
          cancel();
        }
      }
    } catch (error) {
      this.#hasFailed = true;
      this.#next = undefined;
      onFailed(error);
    }
    this.#isReporting = false;
    this.#waiters.wake();
  }
}
