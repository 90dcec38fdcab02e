import type { SinkWriter } from '../sinks/port.ts';

/** A sink writer's methods, one at a time in the order of the calls, as the port demands. */
export function serialSink<Row>(writer: SinkWriter<Row>): SinkWriter<Row> {
  let last: Promise<unknown> = Promise.resolve();
  const serially = <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    commit: (batch) => serially(() => writer.commit(batch)),
    fence: (writers) => serially(() => writer.fence(writers)),
    ask: (from, to) => serially(() => writer.ask(from, to)),
    prune: (request) => serially(() => writer.prune(request)),
    close: () => serially(() => writer.close()),
  };
}
