import type { Clock } from '../../core/clock.ts';
import { StoreFull } from '../../queue/store.ts';

/** How long to wait before an operation that found no space is tried again. */
const fullRetryMs = 500;

/** Operations on the spool that are repeated in a later tick if the disk has no space for them. */
export class WhenSpace {
  readonly #clock: Pick<Clock, 'now'>;
  #againAt: number | undefined;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** When to repeat an operation that found no space on the disk. */
  get againAt(): number | undefined {
    return this.#againAt;
  }

  /** A tick begins: each operation is tried again. */
  begin(): void {
    this.#againAt = undefined;
  }

  /** The result of `work`; undefined if the disk has no space for it. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
      this.#againAt = this.#clock.now() + fullRetryMs;
      return undefined;
    }
  }
}
