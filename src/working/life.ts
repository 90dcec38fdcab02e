/**
 * A consumer's life: configured, ready, lent items, drained, dismissed. It depends on the supervisor only through
 * messages.
 */
import type { Connection } from '../child/connect.ts';
import { commonLife, type Life, type LifeOptions } from '../child/life.ts';
import type { ConfigureConsumer, FromConsumer, ToConsumer } from '../ipc/messages.ts';
import { shown } from '../values/values.ts';
import { Consumer } from './consumer.ts';
import { openDecoder } from './item-readers.ts';
import { Leases } from './leases.ts';
import { isBeyondWaiting, patiently } from './patience.ts';
import { isProcessor } from '../processors/port.ts';
import { sinkId, type Sink } from '../sinks/port.ts';
import { openSink, otherTables, sinksOf, turnsOf, type OpenSink } from './open-sinks.ts';
import { SinkConnection } from './sink-connection.ts';
import { SinkState } from './sink-state.ts';
import { StandardOutput } from './standard-output.ts';
import { ToProgram } from './to-program.ts';

export function consumerLife(
  connection: Pick<Connection<FromConsumer>, 'send' | 'flush' | 'fail' | 'leave'>,
  options: LifeOptions<ConfigureConsumer>,
): Life<ToConsumer> {
  const { send, flush, fail } = connection;
  const { clock, random, redaction, onConfigured } = options;
  const common = commonLife(connection, options);
  const { calls, log } = common;
  const output = new StandardOutput((bytes) => send({ type: 'write' }, [bytes]));
  const sinkState = new SinkState((reason) => send({ type: 'sink', reason }));
  const leaving = new AbortController();
  let consumer: Consumer | undefined;

  const configure = async (message: ConfigureConsumer): Promise<void> => {
    const { run, writer, ordinal, start, concurrency, itemTimeoutMs, abortGraceMs } = message;
    const { sinkTimeoutMs, sinkOpenTimeoutMs } = message;
    onConfigured(message);
    common.configured(message);
    if (ordinal > 1) common.leavesNotes();
    const pipeline = common.pipeline();
    const { params, resolve } = common.values();
    const writeOut = (bytes: Buffer): Promise<void> => output.write(bytes);
    const toProgram = new ToProgram((rows, payload) => send(rows, payload));
    const specs = sinksOf(pipeline.sink);
    if (message.finish) return await finish(message, message.finish);
    const sinks: OpenSink[] = [];
    const exclusiveFor = turnsOf(calls.exclusive);
    for (const spec of specs) {
      const sink = new SinkConnection({
        sink: spec as Sink<unknown>,
        context: {
          run,
          writer,
          sink: sinkId(spec),
          pipeline: message.name,
          start,
          isKnown: message.sinkIsKnown,
          otherTables: otherTables(spec, specs),
          clock,
          writeOut,
          resolve,
          toProgram,
          isSecret: (name, value) => redaction.isSecret(name, value),
          onOtherQueues: (others) => send({ type: 'otherQueues', others }),
        },
        exclusive: exclusiveFor(spec),
        timeoutMs: sinkTimeoutMs,
      });
      await openPatiently(sink, [sinkOpenTimeoutMs, sinkTimeoutMs]);
      sinks.push(openSink(spec, shown(pipeline.params, spec.target), sink));
    }
    const decoderOf = await openDecoder(pipeline.source, redaction);
    // Nothing else aborts `setup`: a consumer that must stop before it is ready is killed.
    const { signal } = leaving;
    const { fetch, limit } = calls.scope(signal);
    const resources = await pipeline.setup?.({ signal, log, ordinal, params, fetch, limit });
    const { process } = pipeline;
    const leases = isProcessor(process)
      ? new Leases({
          processor: process,
          target: shown(pipeline.params, process.target),
          context: { ordinal, params, log, clock, resolve },
          calls,
          leaving: signal,
        })
      : undefined;
    await leases?.open();
    consumer = new Consumer({
      pipeline,
      sinks,
      run,
      sinkState,
      concurrency,
      itemTimeoutMs,
      abortGraceMs,
      resources,
      leases,
      decoderOf,
      params,
      clock,
      random,
      redaction,
      log,
      calls,
      send,
      flush,
      fail,
    });
    common.ready(message, () => working().state);
  };
  /** Finishes the sinks at the end of the run. The supervisor ends this process if it takes too long. */
  const finish = async (message: ConfigureConsumer, parts: NonNullable<ConfigureConsumer['finish']>): Promise<void> => {
    const { run, name } = message;
    const { resolve } = common.values();
    const idle = { lent: 0, started: 0, oldestMs: 0, waiting: null };
    common.ready(message, () => idle);
    for (const spec of sinksOf(common.pipeline().sink)) {
      await spec.finish?.({
        run,
        sink: sinkId(spec),
        pipeline: name,
        parts: parts.filter(({ sink }) => sink === sinkId(spec)),
        clock,
        resolve,
        signal: leaving.signal,
        isSecret: (column, value) => redaction.isSecret(column, value),
      });
    }
    send({ type: 'ended' });
  };
  /** Each failed attempt to open it is reported, and the supervisor restarts this process's time. */
  const untilOpen: Pick<SinkState, 'set'> = {
    set: (reason) => (reason === null ? sinkState.set(null) : sinkState.setAgain(reason)),
  };
  /** A sink that is down is not a crash: wait for it. */
  const openPatiently = async (sink: SinkConnection, [first, later]: [number, number]): Promise<void> => {
    // Once the supervisor knows that the sink is down, nothing is urgent any more.
    const open = (): Promise<void> => sink.open(sinkState.problem === null ? first : later);
    const patience = { clock, random, redaction, signal: leaving.signal, sinkState: untilOpen };
    const { status } = await patiently(open, patience, isBeyondWaiting);
    if (status === 'given up') throw new Error('given up, because this process is about to end');
  };
  const drain = async (): Promise<void> => {
    await consumer?.drain();
    send({ type: 'ended' });
  };
  const working = (): Consumer => {
    if (!consumer) throw new Error('the supervisor sent items before this consumer was ready');
    return consumer;
  };

  const handlers: Life<ToConsumer>['handlers'] = {
    ...common.handlers,
    configure: (message) => void configure(message).catch(fail),
    deliver: (message, payload) => working().deliver(message, payload),
    recall: (message) => working().recall(message),
    settled: () => working().settled(),
    prune: (message) => working().prune(message),
    end: () => void drain().catch(fail),
    stop: () => void drain().catch(fail),
    withdraw: (message) => consumer?.withdraw(message),
    abort: () => {
      consumer?.abort();
      output.giveUp();
    },
    written: () => output.written(),
  };
  return {
    handlers,
    onLeave: () => {
      common.onLeave();
      leaving.abort();
      consumer?.letGo();
    },
  };
}
