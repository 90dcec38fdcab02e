/** A consumer's life on its channel: configured, ready, lent items, drained, dismissed. */
import { createCalls } from '../calls/calls.ts';
import { startBeat } from '../child/beat.ts';
import { connect } from '../child/connect.ts';
import { childLog } from '../child/log.ts';
import { watchParent } from '../child/parent-watch.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { configError } from '../core/errors.ts';
import { handle, type Handlers } from '../ipc/handlers.ts';
import type { ConfigureConsumer, FromConsumer, ToConsumer } from '../ipc/messages.ts';
import { parse } from '../ipc/parse.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { formatProblems } from '../pipeline/problems.ts';
import { Consumer } from './consumer.ts';
import { isBeyondWaiting, patiently } from './patience.ts';
import { StandardOutput } from './standard-output.ts';

export interface ServeOptions {
  clock: Clock;
  random: () => number;
  /** What `import … from 'millrace'` gives in a pipeline file. */
  millrace: object;
}

/** Runs a consumer on the channel that the supervisor has opened for this process. */
export function serveConsumer({ clock, random, millrace }: ServeOptions): void {
  const { send, fail, leave } = connect<ToConsumer, FromConsumer>({
    parse: parse.toConsumer,
    onMessage: (message, payload) => handle(handlers, message, payload),
    onLeave: () => {
      cancelBeat?.();
      consumer?.letGo();
    },
  });
  const parent = process.ppid;
  const log = childLog(send);
  const output = new StandardOutput((bytes) => send({ type: 'write' }, [bytes]));
  const calls = createCalls({ send, clock, random });
  let consumer: Consumer | undefined;
  let cancelBeat: Cancel | undefined;

  const configure = async (message: ConfigureConsumer): Promise<void> => {
    const { file, name, run, writer, ordinal, generation, concurrency, durability, itemTimeoutMs, beatMs } = message;
    process.title = `millrace ${name}: consumer ${ordinal}`;
    const { pipeline, problems } = await loadPipeline(file, { millrace });
    if (!pipeline) throw configError('PIPELINE', formatProblems(problems));
    const sinkContext = {
      run,
      writer,
      generation,
      durability,
      clock,
      exclusive: <T>(limit: string, task: () => T | Promise<T>) => calls.exclusive(limit, task),
      writeOut: (bytes: Buffer) => output.write(bytes),
    };
    const sink = await openPatiently(() => pipeline.sink.open(sinkContext));
    // Nothing aborts a set-up: a consumer that is to stop before it is ready is killed.
    const { signal } = new AbortController();
    const { fetch, limit } = calls.scope(signal);
    const resources = await pipeline.setup?.({ signal, log, ordinal, fetch, limit });
    consumer = new Consumer({
      pipeline,
      sink,
      run,
      concurrency,
      itemTimeoutMs,
      resources,
      clock,
      random,
      log,
      calls,
      send,
      fail,
    });
    cancelBeat = startBeat({ clock, beatMs, send, state: () => consumer!.state });
    send({ type: 'ready' });
    if (!message.diesWithSupervisor) watchParent(parent);
  };
  /** A sink that is out is waited for: that is no crash. */
  const openPatiently = async <T>(open: () => Promise<T>): Promise<T> => {
    let wasOut = false;
    const onSinkState = (reason: string | null): void => {
      if (reason !== null || wasOut) send({ type: 'sink', reason });
      wasOut = reason !== null;
    };
    const { signal } = new AbortController();
    const opened = await patiently(open, { clock, random, signal, onSinkState }, isBeyondWaiting);
    if (opened.status === 'given up') throw new Error('nobody told it to give up');
    return opened.value;
  };
  const drain = async (): Promise<void> => {
    await consumer?.drain();
    send({ type: 'ended' });
  };
  const working = (): Consumer => {
    if (!consumer) throw new Error('the supervisor spoke of items before this consumer was ready');
    return consumer;
  };

  const handlers: Handlers<ToConsumer> = {
    configure: (message) => void configure(message).catch(fail),
    deliver: (message, payload) => working().deliver(message, payload),
    settled: ({ count }) => working().settled(count),
    prune: (message) => working().prune(message),
    end: () => void drain().catch(fail),
    stop: () => void drain().catch(fail),
    abort: () => {
      consumer?.abort();
      output.giveUp();
    },
    bye: leave,
    granted: (message) => calls.onGranted(message),
    refused: (message) => calls.onRefused(message),
    written: ({ count }) => output.written(count),
  };
}
