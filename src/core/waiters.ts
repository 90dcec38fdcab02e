/** Callers that wait for a change. When woken, each of them checks again. */
export class Waiters {
  #waiting: (() => void)[] = [];

  /** Resolves at the next `wake`. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Wakes all callers that wait now. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
