import { Waiters } from '../core/waiters.ts';

/** The producer's end of the throttle: closed while the supervisor's flag is set. */
export class ThrottleGate {
  #isOn = false;
  readonly #waiters = new Waiters();

  get isOn(): boolean {
    return this.#isOn;
  }

  set(on: boolean): void {
    this.#isOn = on;
    if (!on) this.open();
  }

  /** Wakes waiting readers, whatever the flag. */
  open(): void {
    this.#waiters.wake();
  }

  /** Resolves when the flag is lowered, or `open` is called. */
  lowered(): Promise<void> {
    return this.#isOn ? this.#waiters.next() : Promise.resolve();
  }
}
