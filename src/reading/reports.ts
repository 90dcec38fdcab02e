import { Waiters } from '../core/waiters.ts';
import { parseJson } from '../core/json.ts';

/**
 * Reports to a source how far something has come, one call at a time and in order. A cursor that arrives during a call
 * replaces one that is waiting, because it includes it.
 */
export class Reports {
  readonly #report: (cursor: unknown) => void | Promise<void>;
  readonly #onFailed: (error: unknown) => void;
  #next: string | undefined;
  #isReporting = false;
  readonly #waiters = new Waiters();

  constructor(report: (cursor: unknown) => void | Promise<void>, onFailed: (error: unknown) => void) {
    this.#report = report;
    this.#onFailed = onFailed;
  }

  /** Everything up to this cursor, which is JSON, has come this far. */
  reached(cursor: string): void {
    this.#next = cursor;
    if (this.#isReporting) return;
    this.#isReporting = true;
    void this.#run();
  }

  /** Resolves when no call is running and none is due. */
  idle(): Promise<void> {
    return this.#isReporting ? this.#waiters.next() : Promise.resolve();
  }

  async #run(): Promise<void> {
    try {
      while (this.#next !== undefined) {
        const cursor = this.#next;
        this.#next = undefined;
        await this.#report(parseJson(cursor));
      }
      this.#isReporting = false;
      this.#waiters.wake();
    } catch (error) {
      // It stays busy: nothing more is reported by this process.
      this.#onFailed(error);
    }
  }
}
