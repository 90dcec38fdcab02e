/**
 * Items that some of the pipeline's sinks already have and others do not: after a process died between two commits, or
 * after a sink refused results that another one had accepted. Nearly always empty.
 */
export class Present {
  readonly #bySeq = new Map<number, Set<string>>();

  get isEmpty(): boolean {
    return this.#bySeq.size === 0;
  }

  add(seq: number, sink: string): void {
    const sinks = this.#bySeq.get(seq);
    if (sinks) sinks.add(sink);
    else this.#bySeq.set(seq, new Set([sink]));
  }

  has(seq: number, sink: string): boolean {
    return this.#bySeq.get(seq)?.has(sink) ?? false;
  }

  /** The ids of the sinks that have the item. */
  sinksWith(seq: number): string[] {
    return [...(this.#bySeq.get(seq) ?? [])];
  }

  forget(seq: number): void {
    this.#bySeq.delete(seq);
  }
}
