/** The number of origins that are remembered; a crawler that knows more starts afresh. */
const most = 1000;

/**
 * When each origin last answered, with any status: this distinguishes a host that is down from a request that it cannot
 * handle.
 */
export class Reach {
  readonly #answers = new Map<string, number>();

  answered(origin: string, now: number): void {
    if (this.#answers.size >= most) this.#answers.clear();
    this.#answers.set(origin, now);
  }

  hasAnsweredSince(origin: string, time: number): boolean {
    return (this.#answers.get(origin) ?? -Infinity) >= time;
  }
}
