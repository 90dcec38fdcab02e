/** The number of latest calls that are remembered. */
const most = 100;

/** The durations of the latest calls, from the grant of a permit to its release. */
export class Durations {
  readonly #latest: number[] = [];
  #next = 0;

  /** Returns true for every hundredth call. */
  add(ms: number): boolean {
    this.#latest[this.#next] = ms;
    this.#next = (this.#next + 1) % most;
    return this.#next === 0;
  }

  /** The longest of them; 0 if there are none. */
  get longest(): number {
    return Math.max(0, ...this.#latest);
  }
}
