/** The high-water and low-water marks of the queue. */
export interface Marks {
  highItems: number;
  lowItems: number;
  highBytes: number;
  lowBytes: number;
}

/**
 * The throttle turns on when the queue reaches a high-water mark, in items or bytes, and off when the queue is back at
 * both low-water marks. Between the marks it keeps its state, so that it does not flap.
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

  /** Whether a queue of this size is at a high-water mark. */
  isReached(items: number, bytes: number): boolean {
    return items >= this.marks.highItems || bytes >= this.marks.highBytes;
  }

  /** Takes the queue's size. Returns whether the throttle has changed. */
  update(items: number, bytes: number): 'raised' | 'lowered' | 'unchanged' {
    const { lowItems, lowBytes } = this.marks;
    if (!this.#isOn && this.isReached(items, bytes)) {
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
