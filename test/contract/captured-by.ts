import { batchOf } from '../../src/sinks/batch.ts';
import type { Intervals } from '../../src/core/intervals.ts';
import type { Batch, SinkWriter } from '../../src/sinks/port.ts';

/** What `writer` captures of `rows`, as a batch has it. */
export function capturedBy<Row>(writer: Pick<SinkWriter<Row>, 'capture'>, rows: readonly Row[]): unknown[] {
  const captured: unknown[] = [];
  for (const row of rows) writer.capture(row, captured);
  return captured;
}

/** A batch of these items whose results, all of the last one, were captured as this. */
export function batchWith<Captured>(items: Intervals, captured: readonly Captured[]): Batch<Captured> {
  const seqs = [...items].flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
  return batchOf({
    seqs,
    ends: seqs.map((_, i) => (i === seqs.length - 1 ? captured.length : 0)),
    captured,
    run: 'run-1',
  });
}
