import type { NewWriter, WriterRecord, Writers } from './writers.ts';

/** Writers in memory: for tests and simulations, and as the simplest example of `Writers`. */
export class MemoryWriters implements Writers {
  readonly all = new Map<number, NewWriter & { ended?: 'clean' | 'unclean'; fenced?: true }>();
  #last = 0;

  register(record: NewWriter): number {
    this.#last += 1;
    this.all.set(this.#last, { ...record });
    return this.#last;
  }

  hasPredecessor(writer: number): boolean {
    const { run, role, ordinal } = this.all.get(writer)!;
    return [...this.all].some(
      ([other, row]) => other < writer && row.run === run && row.role === role && row.ordinal === ordinal,
    );
  }

  ended(writer: number, { isClean }: { isClean: boolean }): void {
    const row = this.all.get(writer);
    if (row) row.ended = isClean ? 'clean' : 'unclean';
  }

  fenced(writers: readonly number[]): void {
    for (const [writer, row] of this.all) if (writers.includes(writer)) row.fenced = true;
  }

  notEnded(): WriterRecord[] {
    return [...this.all].flatMap(([writer, { ended, fenced: _, ...record }]) => (ended ? [] : { writer, ...record }));
  }

  notFenced(run: string): number[] {
    return [...this.all].flatMap(([writer, row]) => {
      const isOpen = row.role === 'consumer' && row.ended === 'unclean' && !row.fenced;
      return isOpen && row.run === run ? [writer] : [];
    });
  }

  forgetOthers(run: string): void {
    for (const [writer, row] of this.all) if (row.ended && row.run !== run) this.all.delete(writer);
  }

  /** Returns an independent copy. */
  copy(): MemoryWriters {
    const copy = new MemoryWriters();
    for (const [writer, row] of this.all) copy.all.set(writer, { ...row });
    copy.#last = this.#last;
    return copy;
  }
}
