/** The producer's end of the throttle: closed while the supervisor's flag is up. */
export class ThrottleGate {
  #isOn = false;
  #waiting: (() => void)[] = [];

  get isOn(): boolean {
    return this.#isOn;
  }

  set(on: boolean): void {
    this.#isOn = on;
    if (!on) this.open();
  }

  /** Lets whoever waits look again, whatever the flag. */
  open(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when the flag is lowered, or `open` is called. */
  lowered(): Promise<void> {
    if (!this.#isOn) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
