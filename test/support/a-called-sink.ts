import { sinkMark, withoutLedger, type Batch, type Outcome, type Sink } from '../../src/sinks/port.ts';

/** A sink that is only called: it keeps the rows that it accepts and the keys of its calls, and answers as the test says. */
export class ACalledSink {
  /** For each call, the keys of its items. */
  readonly calls: string[][] = [];
  readonly accepted: unknown[] = [];
  /** The answer for an item, by its row. Default: accepted. */
  answer: (row: unknown) => 'accepted' | 'refused' | 'again' = () => 'accepted';
  readonly sink: Sink<unknown> = {
    [sinkMark]: true,
    kind: 'called',
    delivery: 'call',
    target: 'a called sink',
    open: () =>
      Promise.resolve({
        ...withoutLedger,
        capture: (row, captured) => void captured.push(structuredClone(row)),
        commit: (batch) => Promise.resolve(this.#commit(batch)),
        close: () => Promise.resolve(),
      }),
  };

  #commit({ seqs, ends, captured, keyOf }: Batch): Outcome {
    this.calls.push(seqs.map((_, i) => keyOf(i)));
    const refused = new Map<number, unknown>();
    const again = new Map<number, unknown>();
    for (const [i, seq] of seqs.entries()) {
      const rows = captured.slice(ends[i - 1] ?? 0, ends[i]);
      const answers = rows.map((row) => this.answer(row));
      if (answers.includes('refused')) refused.set(seq, new Error('422 Unprocessable'));
      else if (answers.includes('again')) again.set(seq, new Error('503 Unavailable'));
      else this.accepted.push(...rows);
    }
    return { refused, again };
  }
}
