import { join } from 'node:path';
import { to } from '../../../src/connectors/to.ts';
import { sinkMark, type Batch, type Sink, type SinkContext, type SinkWriter } from '../../../src/sinks/port.ts';
import type { Row } from './items.ts';
import { deliveryOf } from './others.ts';
import type { SinkKind } from './plan.ts';
import {
  finishParts,
  openPartWriter,
  openPlainWriter,
  openServerWriter,
  type AnswerTo,
  type SinkRules,
} from './server-sink.ts';
import type { Client, Server } from './server.ts';
import type { SinkWatcher } from './sink-watcher.ts';

/** One of the sinks of a world. */
export interface SinkPlaceOptions {
  kind: SinkKind;
  server: Server;
  directory: string;
  watcher: SinkWatcher;
  rules: SinkRules;
  answerTo: AnswerTo;
  /** Does work that waits for real files: nothing else happens in the world meanwhile. */
  aside: <T>(work: (ready: () => void) => Promise<T>) => Promise<T>;
}

/** A process as seen by a sink in its memory or in a file. */
export interface SinkUser extends Client {
  /** Calls `fn` when it dies. */
  whenDead: (fn: () => void) => void;
}

/** Makes each process's view of the sinks: the only sink, or `to.all`. */
export function sinksPlace(all: readonly SinkPlaceOptions[]): (user: SinkUser) => Sink<Row> {
  const places = all.map(sinkPlace);
  return (user) => {
    const [first, second, ...rest] = places.map((place) => place(user)) as [Sink<Row>, ...Sink<Row>[]];
    return second ? to.all(first, second, ...rest) : first;
  };
}

function sinkPlace(options: SinkPlaceOptions): (user: SinkUser) => Sink<Row> {
  const { kind, server, directory, watcher, aside } = options;
  const inMemory = to.memory<Row>();
  const inFile = to.sqlite({ file: join(directory, 'sink.db'), table: 'results' }) as unknown as Sink<Row>;
  const opening: Record<SinkKind, (user: SinkUser) => Sink<Row>['open']> = {
    server: (user) => (context) => openServerWriter(server, user, context, options),
    plain: (user) => () => Promise.resolve(openPlainWriter(server, user, options)),
    part: (user) => (context) => openPartWriter(server, user, context, options),
    memory: (user) => async (context) => seen(await inMemory.open(context), user, watcher),
    sqlite: (user) => (context) =>
      aside(async (ready) => {
        const exclusive: SinkContext['exclusive'] = (name, task) => {
          ready();
          return context.exclusive(name, task);
        };
        return seen(await inFile.open({ ...context, exclusive }), user, watcher);
      }),
  };
  return (user) => ({
    [sinkMark]: true,
    kind,
    delivery: deliveryOf(kind),
    target: kind,
    open: opening[kind](user),
    ...(kind === 'part' && { finish: (context) => finishParts(server, user, context, watcher) }),
  });
}

/** A row for the watcher, and the row as the sink has captured it. */
interface SeenRow {
  row: Row;
  captured: unknown[];
}

/** The rows as the writer itself captured them. */
function unseen({ captured, ends, ...batch }: Batch<SeenRow>): Batch {
  const own = captured.map((row) => row.captured);
  return { ...batch, captured: own.flat(), ends: ends.map((end) => own.slice(0, end).flat().length) };
}

/** A writer that works in this process. It is watched, and cut off from a dead process. */
function seen(writer: SinkWriter<Row>, user: SinkUser, watcher: SinkWatcher): SinkWriter<Row, SeenRow> {
  // As the operating system does for a process that is gone.
  user.whenDead(() => void writer.close());
  const alive = async <T>(call: () => Promise<T>, tell: (result: T) => void): Promise<T> => {
    const never = new Promise<T>(() => undefined);
    if (!user.acts()) return await never;
    const result = await call();
    tell(result);
    return user.isDead ? await never : result;
  };
  return {
    capture(row, seenRows) {
      const captured: unknown[] = [];
      writer.capture(row, captured);
      seenRows.push({ row: structuredClone(row), captured });
    },
    commit(batch) {
      return alive(
        () => writer.commit(unseen(batch)),
        () =>
          watcher.committed(
            user.writer,
            batch.items,
            batch.captured.map(({ row }) => row),
          ),
      );
    },
    fence: (writers) =>
      alive(
        () => writer.fence(writers),
        (highest) => {
          watcher.barred(writers.filter((other) => other !== user.writer));
          watcher.fenced(user.writer, writers, highest);
        },
      ),
    ask: (from, to) =>
      alive(
        () => writer.ask(from, to),
        () => watcher.asked(user.writer, [from, to]),
      ),
    prune: (request) =>
      alive(
        () => writer.prune(request),
        () => undefined,
      ),
    close: () => writer.close(),
  };
}
