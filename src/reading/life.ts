/** The producer's life: it describes the pipeline, is configured, reads, and ends or is stopped. What it says and hears is all that it needs of the supervisor. */
import type { Connection } from '../child/connect.ts';
import { stopped } from '../child/stopped.ts';
import { commonLife, type Life, type LifeOptions } from '../child/life.ts';
import type { ConfigureProducer, FromProducer, ToProducer } from '../ipc/messages.ts';
import type { SourceContext } from '../pipeline/context.ts';
import { Outlet } from './outlet.ts';
import { Reader } from './reader.ts';
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
  let outlet: Outlet | undefined;
  let reader: Reader | undefined;

  const read = async (message: ConfigureProducer): Promise<void> => {
    const { source, deterministic = true } = common.pipeline();
    const { run, position } = message;
    onConfigured(message);
    throttle.set(message.throttled);
    outlet = new Outlet({ ...message, send });
    const { fetch, limit } = calls.scope(stopping.signal);
    const open = (cursor: unknown, checkpoint: (cursor: unknown) => void): unknown => {
      if (typeof source !== 'function') return source;
      const context: SourceContext = { cursor, checkpoint, run, fetch, limit, log, signal: stopping.signal };
      return source(context);
    };
    reader = new Reader({ clock, open, position, deterministic, outlet, throttle });
    common.ready(message, state);
    await readToTheEnd(reader, outlet);
  };

  const readToTheEnd = async (from: Reader, into: Outlet): Promise<void> => {
    let isAtEnd: boolean;
    try {
      isAtEnd = await from.read();
    } catch (error) {
      // What came before the failure is good: it is stored, and the successor goes on behind it.
      await into.flushed();
      throw error;
    }
    if (!isAtEnd) return; // Stopped; `stop` says so.
    // Right behind the last frame, so that both are committed together.
    into.flush();
    send({ type: 'end', position: from.position });
    await into.flushed();
    send({ type: 'ended' });
  };

  const stop = async (): Promise<void> => {
    reader?.stop();
    throttle.open();
    stopping.abort(stopped());
    await outlet?.flushed();
    send({ type: 'ended' });
  };

  const state = (): { lent: number; started: number; oldestMs: number; waiting: string | null } => ({
    lent: outlet?.framesOutstanding ?? 0,
    started: 0,
    oldestMs: 0,
    waiting: throttle.isOn ? 'throttled: the queue is at its high-water mark' : calls.waitingFor(),
  });

  const handlers: Life<ToProducer>['handlers'] = {
    ...common.handlers,
    configure: (message) =>
      void read(message).catch((error: unknown) => {
        if (!stopping.signal.aborted) fail(error);
      }),
    stored: ({ frames }) => outlet?.stored(frames),
    throttle: ({ on }) => throttle.set(on),
    stop: () => void stop().catch(fail),
  };
  return { handlers, onLeave: common.onLeave };
}
