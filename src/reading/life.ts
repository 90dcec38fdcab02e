/**
 * The producer's life: it describes the pipeline, is configured, reads, and ends or is stopped. It depends on the
 * supervisor only through messages.
 */
import type { Connection } from '../child/connect.ts';
import { stopped } from '../child/stopped.ts';
import { commonLife, type Life, type LifeOptions } from '../child/life.ts';
import type { ConfigureProducer, FromProducer, SettledTo, ToProducer } from '../ipc/messages.ts';
import { isDeterministic, isSourceSpec } from '../sources/port.ts';
import { cursorFrom } from '../core/cursor-text.ts';
import { OpenedSource } from './opened-source.ts';
import { Outlet } from './outlet.ts';
import { Reader, type SourceReader } from './reader.ts';
import { ThrottleGate } from './throttle-gate.ts';

export function producerLife(
  connection: Pick<Connection<FromProducer>, 'send' | 'fail' | 'leave'>,
  options: LifeOptions<ConfigureProducer>,
): Life<ToProducer> {
  const { send, fail } = connection;
  const { clock, onConfigured } = options;
  const common = commonLife(connection, options);
  const { calls, log } = common;
  const throttle = new ThrottleGate();
  const stopping = new AbortController();
  const { signal } = stopping;
  let outlet: Outlet | undefined;
  let reader: SourceReader | undefined;
  /** Only a source with a specification is opened. A message about settled items may come before it is open. */
  let opened: OpenedSource | undefined;
  let opening: Promise<OpenedSource> | undefined;

  const configure = async (message: ConfigureProducer): Promise<void> => {
    const pipeline = common.pipeline();
    const { source } = pipeline;
    const { run, position, previous, maxItemBytes, isReopened, reportTimeoutMs } = message;
    onConfigured(message);
    common.configured(message);
    throttle.set(message.throttled);
    outlet = new Outlet({
      ...message,
      send,
      storedCursor: position.cursor,
      onStored: (cursor) => opened?.stored(cursor),
      forgets: () => opened?.forgets ?? false,
    });
    common.ready(message, state);
    const { fetch, limit } = calls.scope(signal);
    const { params, resolve } = common.values();
    const context = {
      run,
      previous: cursorFrom(previous),
      params,
      log,
      signal,
      fetch,
      limit,
    };
    const reading = { clock, position, deterministic: isDeterministic(pipeline), outlet, throttle };
    if (isSourceSpec(source)) {
      opening = OpenedSource.open(source, {
        ...context,
        resolve,
        clock,
        position,
        maxItemBytes,
        isReopened,
        reportTimeoutMs,
        onFailed: failed,
      });
      opened = await opening;
      // The source has ended, and only wants to hear what is settled.
      if (!message.reads || signal.aborted) return;
      reader = opened.reader(reading);
    } else {
      const open = (cursor: unknown, checkpoint: (cursor: unknown) => void): unknown =>
        typeof source === 'function' ? source({ ...context, cursor, checkpoint }) : source;
      reader = new Reader({ ...reading, open });
    }
    await readToTheEnd(reader, outlet, { isLeft: !isSourceSpec(source) || !source.settles });
  };

  /** `isLeft`: when everything is stored, there is nothing more to report to the source. */
  const readToTheEnd = async (from: SourceReader, into: Outlet, { isLeft }: { isLeft: boolean }): Promise<void> => {
    let isAtEnd: boolean;
    try {
      isAtEnd = await from.read();
    } catch (error) {
      // Items from before the failure are good: they are stored, and the successor resumes after them.
      await into.flushed();
      throw error;
    }
    if (!isAtEnd) return; // Stopped; `stop` says so.
    // Right after the last frame, so that both are committed together.
    into.flush();
    send({ type: 'end', position: from.position });
    await into.flushed();
    if (isLeft) await leave();
  };

  const leave = async (): Promise<void> => {
    // A source that is still opening may hold resources once it is open. If it cannot be opened, it holds none.
    const source = await opening?.catch(() => undefined);
    await source?.close();
    send({ type: 'ended' });
  };

  const stop = async (): Promise<void> => {
    reader?.stop();
    throttle.open();
    stopping.abort(stopped());
    await outlet?.flushed();
    await leave();
  };

  const state = (): { lent: number; started: number; oldestMs: number; waiting: string | null } => ({
    lent: outlet?.framesOutstanding ?? 0,
    started: 0,
    oldestMs: 0,
    waiting: throttle.isOn ? 'throttled: the queue is at its high-water mark' : (calls.waitingFor() ?? settling()),
  });

  const settling = (): string | null => (opened?.isSettling ? 'its source deals with what is settled' : null);

  const settled = async ({ id, cursor }: SettledTo): Promise<void> => {
    const source = await opening;
    source?.settled(cursor, () => send({ type: 'confirmed', id }));
  };

  const failed = (error: unknown): void => {
    if (!signal.aborted) fail(error);
  };

  const handlers: Life<ToProducer>['handlers'] = {
    ...common.handlers,
    configure: (message) => void configure(message).catch(failed),
    stored: ({ frames }) => outlet?.stored(frames),
    // The failure to open it has already been reported.
    settledTo: (message) => void settled(message).catch(() => undefined),
    throttle: ({ on }) => throttle.set(on),
    stop: () => void stop().catch(fail),
  };
  return { handlers, onLeave: common.onLeave };
}
