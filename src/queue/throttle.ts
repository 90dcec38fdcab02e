/** The marks between which the producer's flag swings. */
export interface Marks {
  highItems: number;
  lowItems: number;
  highBytes: number;
  lowBytes: number;
}

/**
 * The throttle: raised when the queue reaches a high-water mark, in items or bytes, lowered when it is back at both
 * low ones. Between the marks it stays as it is, so that it does not flap.
 */
export class Throttle {
  readonly marks: Marks;
  #isOn = false;

  constructor(marks: Marks) {
    this.marks = marks;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Takes the queue's size; says whether the flag has changed. */
  update(items: number, bytes: number): 'raised' | 'lowered' | 'unchanged' {
    const { highItems, lowItems, highBytes, lowBytes } = this.marks;
    if (!this.#isOn && (items >= highItems || bytes >= highBytes)) {
      this.#isOn = true;
      return 'raised';
    }
    if (this.#isOn && items <= lowItems && bytes <= lowBytes) {
      this.#isOn = false;
      return 'lowered';
    }
    return 'unchanged';
  }
}
