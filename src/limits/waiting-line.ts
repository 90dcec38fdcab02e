/** An entry in a line. It carries the links itself, so that leaving from the middle takes constant time. */
export interface Standing<Self> {
  before: Self | undefined;
  after: Self | undefined;
}

/**
 * First come, first served; a waiter that gives up leaves from any position. Nothing may be in two lines, or twice in
 * one.
 */
export class WaitingLine<Entry extends Standing<Entry>> {
  #first: Entry | undefined;
  #last: Entry | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Entry | undefined {
    return this.#first;
  }

  join(entry: Entry): void {
    entry.before = this.#last;
    entry.after = undefined;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    this.#size++;
  }

  leave(entry: Entry): void {
    if (entry.before === undefined) this.#first = entry.after;
    else entry.before.after = entry.after;
    if (entry.after === undefined) this.#last = entry.before;
    else entry.after.before = entry.before;
    entry.before = undefined;
    entry.after = undefined;
    this.#size--;
  }
}
