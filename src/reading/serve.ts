/** The producer's life on its channel: it describes the pipeline, is configured, reads, and ends or is stopped. */
import { createCalls } from '../calls/calls.ts';
import { startBeat } from '../child/beat.ts';
import { connect } from '../child/connect.ts';
import { childLog } from '../child/log.ts';
import { watchParent } from '../child/parent-watch.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { handle, type Handlers } from '../ipc/handlers.ts';
import type { ConfigureProducer, FromProducer, ToProducer } from '../ipc/messages.ts';
import { parse } from '../ipc/parse.ts';
import { loadPipeline } from '../pipeline/load.ts';
import type { SourceContext } from '../pipeline/context.ts';
import type { Pipeline } from '../pipeline/types.ts';
import { Outlet } from './outlet.ts';
import { Reader } from './reader.ts';
import { ThrottleGate } from './throttle-gate.ts';

export interface ServeOptions {
  clock: Clock;
  random: () => number;
  /** What `import … from 'millrace'` gives in a pipeline file. */
  millrace: object;
}

/** Runs the producer on the channel that the supervisor has opened for this process. */
export function serveProducer({ clock, random, millrace }: ServeOptions): void {
  const { send, fail, leave } = connect<ToProducer, FromProducer>({
    parse: parse.toProducer,
    onMessage: (message, payload) => handle(handlers, message, payload),
    onLeave: () => cancelBeat?.(),
  });
  const parent = process.ppid;
  const log = childLog(send);
  const calls = createCalls({ send, clock, random });
  const throttle = new ThrottleGate();
  const stopping = new AbortController();
  let pipeline: Pipeline | undefined;
  let outlet: Outlet | undefined;
  let reader: Reader | undefined;
  let cancelBeat: Cancel | undefined;

  const describe = async (file: string): Promise<void> => {
    const { pipeline: loaded, description, problems } = await loadPipeline(file, { millrace });
    if (loaded) pipeline = loaded;
    send({ type: 'described', pipeline: description, problems: [...problems] });
  };

  const read = async (message: ConfigureProducer): Promise<void> => {
    if (!pipeline) throw new Error('the supervisor configured a producer that has described nothing');
    const { source, deterministic = true } = pipeline;
    const { name, run, position, beatMs } = message;
    process.title = `millrace ${name}: producer`;
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
    if (!message.diesWithSupervisor) watchParent(parent);
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
}
