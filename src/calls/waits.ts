/** What a call waits for: a permit of a limit, or a time (monotonic milliseconds). */
export type Wait = { readonly limit: string } | { readonly until: number };

/** Waits that will not be over in time. */
export interface Vain {
  readonly limits: ReadonlySet<string>;
  readonly deadline: number;
}

/** Tracks which of an item's calls only wait, and for what. */
export class Waits {
  readonly #waits = new Set<Wait>();
  #calls = 0;

  /** A call, or a task under a limit, has begun. Call the returned function when it ends. */
  begin(): () => void {
    this.#calls += 1;
    return () => void (this.#calls -= 1);
  }

  async during<Result>(wait: Wait, task: Promise<Result>): Promise<Result> {
    this.#waits.add(wait);
    try {
      return await task;
    } finally {
      this.#waits.delete(wait);
    }
  }

  /** Whether there is a call, and all calls and `open` things wait in vain. */
  areInVain(open: number, { limits, deadline }: Vain): boolean {
    if (this.#waits.size === 0 || this.#waits.size !== this.#calls || this.#waits.size !== open) return false;
    return [...this.#waits].every((wait) => ('limit' in wait ? limits.has(wait.limit) : wait.until > deadline));
  }
}
