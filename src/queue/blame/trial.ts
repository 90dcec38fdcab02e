/**
 * The item on trial. An item that has killed a consumer, or may have, runs alone, and only once its seq is committed: if
 * it brings down the supervisor as well, the next supervisor knows which item that was.
 */
export class Trial {
  /** As recorded in the store. */
  #seq: number | null = null;
  readonly #record: (seq: number | null) => void;

  /** `record` makes it durable with the next commit. */
  constructor(record: (seq: number | null) => void) {
    this.#record = record;
  }

  /** Whether `seq` is on trial already. If not, it is from the next commit on. */
  isOn(seq: number): boolean {
    if (this.#seq === seq) return true;
    this.#record(seq);
    return false;
  }

  /** If the item on trial is among `from`…`to`, its trial ends with the next commit. */
  end(from: number, to: number): void {
    if (this.#seq !== null && this.#seq >= from && this.#seq <= to) this.#record(null);
  }

  /** The store has `seq` on trial now; null for none. */
  committed(seq: number | null): void {
    this.#seq = seq;
  }
}
