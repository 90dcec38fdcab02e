/** The producer's life: it describes the pipeline, is configured, reads, and ends or is stopped. What it says and hears is all that it needs of the supervisor. */
import { createCalls } from '../calls/calls.ts';
import { startBeat } from '../child/beat.ts';
import type { Connection } from '../child/connect.ts';
import { childLog } from '../child/log.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { Handlers } from '../ipc/handlers.ts';
import type { ConfigureProducer, FromProducer, ToProducer } from '../ipc/messages.ts';
import type { SourceContext } from '../pipeline/context.ts';
import type { LoadedPipeline } from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/types.ts';
import { Outlet } from './outlet.ts';
import { Reader } from './reader.ts';
import { ThrottleGate } from './throttle-gate.ts';

export interface ProducerLifeOptions {
  clock: Clock;
  random: () => number;
  load: (file: string) => Promise<LoadedPipeline>;
  /** It knows now what is expected of it. */
  onConfigured: (message: ConfigureProducer) => void;
  /** It has told the supervisor that it is ready: the time for what is not needed to get there. */
  onReady: (message: ConfigureProducer) => void;
}

/** What the producer does about each message, and at its end, when timers that would keep it are taken back. */
export function producerLife(
  { send, fail, leave }: Pick<Connection<FromProducer>, 'send' | 'fail' | 'leave'>,
  { clock, random, load, onConfigured, onReady }: ProducerLifeOptions,
): { handlers: Handlers<ToProducer>; onLeave: () => void } {
  const log = childLog(send);
  const calls = createCalls({ send, clock, random });
  const throttle = new ThrottleGate();
  const stopping = new AbortController();
  let pipeline: Pipeline | undefined;
  let outlet: Outlet | undefined;
  let reader: Reader | undefined;
  let cancelBeat: Cancel | undefined;

  const describe = async (file: string): Promise<void> => {
    const { pipeline: loaded, description, problems } = await load(file);
    if (loaded) pipeline = loaded;
    send({ type: 'described', pipeline: description, problems: [...problems] });
  };

  const read = async (message: ConfigureProducer): Promise<void> => {
    if (!pipeline) throw new Error('the supervisor configured a producer that has described nothing');
    const { source, deterministic = true } = pipeline;
    const { run, position, beatMs } = message;
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
    cancelBeat = startBeat({ clock, beatMs, send, state });
    send({ type: 'ready' });
    onReady(message);
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
    stopping.abort(new DOMException('the service is being stopped', 'AbortError'));
    await outlet?.flushed();
    send({ type: 'ended' });
  };

  const state = (): { lent: number; started: number; oldestMs: number; waiting: string | null } => ({
    lent: outlet?.framesOutstanding ?? 0,
    started: 0,
    oldestMs: 0,
    waiting: throttle.isOn ? 'throttled: the queue is at its high-water mark' : calls.waitingFor(),
  });

  const handlers: Handlers<ToProducer> = {
    describe: ({ file }) => void describe(file).catch(fail),
    configure: (message) =>
      void read(message).catch((error: unknown) => {
        if (!stopping.signal.aborted) fail(error);
      }),
    stored: ({ frames }) => outlet?.stored(frames),
    throttle: ({ on }) => throttle.set(on),
    stop: () => void stop().catch(fail),
    bye: leave,
    granted: (message) => calls.onGranted(message),
    refused: (message) => calls.onRefused(message),
  };
  return { handlers, onLeave: () => cancelBeat?.() };
}
