/** So many origins are remembered; a crawler that knows more starts afresh. */
const most = 1000;

/** When each origin last answered, whatever it said: what tells a host that is down from a request that it chokes on. */
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
