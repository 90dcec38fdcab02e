import type { SinkWriter } from '../../src/sinks/port.ts';

/** What `writer` captures of `rows`, as a batch has it. */
export function capturedBy<Row>(writer: Pick<SinkWriter<Row>, 'capture'>, rows: readonly Row[]): unknown[] {
  const captured: unknown[] = [];
  for (const row of rows) writer.capture(row, captured);
  return captured;
}
