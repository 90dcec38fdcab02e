import { sinkMark, withoutLedger, type Sink, type SinkWriter } from '../../src/sinks/port.ts';

/** A sink of delivery `part` in memory: each writer has its own list of rows, and the length of the list is the mark. */
export class APartSink {
  /** The rows of each writer. */
  readonly parts = new Map<number, unknown[]>();
  /** The errors that the next commits throw after writing half of the rows. */
  failures: Error[] = [];
  opened = 0;
  /** The rows that the run has published. */
  published: unknown[] = [];
  readonly sink: Sink<unknown> = {
    [sinkMark]: true,
    kind: 'parts',
    delivery: 'part',
    target: 'parts in memory',
    finish: ({ parts }) => {
      this.published = parts.flatMap(({ writer, part }) => this.parts.get(writer)?.slice(0, part as number) ?? []);
      return Promise.resolve();
    },
    open: (context) => {
      this.opened += 1;
      const part = this.parts.get(context.writer) ?? [];
      // Unconfirmed rows do not count.
      part.length = (context.part as number | undefined) ?? 0;
      this.parts.set(context.writer, part);
      const writer: SinkWriter<unknown> = {
        ...withoutLedger,
        capture: (row, captured) => void captured.push(structuredClone(row)),
        commit: ({ captured }) => {
          const failure = this.failures.shift();
          part.push(...(failure ? captured.slice(0, captured.length / 2) : captured));
          return failure ? Promise.reject(failure) : Promise.resolve({ part: part.length });
        },
        close: () => Promise.resolve(),
      };
      return Promise.resolve(writer);
    },
  };
}
