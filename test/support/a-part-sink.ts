import { sinkMark, withoutLedger, type Sink, type SinkWriter } from '../../src/sinks/port.ts';

/** A sink of delivery `part` in memory: each writer has a list of rows of its own, and its length is the mark. */
export class APartSink {
  /** By writer. */
  readonly parts = new Map<number, unknown[]>();
  /** Throws in place of the next commits, after it has written half of the rows. */
  failures: Error[] = [];
  opened = 0;
  /** What the run has published. */
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
      // What was not confirmed does not count.
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
