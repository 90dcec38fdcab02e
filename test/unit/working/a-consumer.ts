import { to } from '../../../src/connectors/to.ts';
import type { Calls } from '../../../src/calls/calls.ts';
import { Redaction } from '../../../src/core/redaction.ts';
import { frameToPayload } from '../../../src/frame/frame.ts';
import type { Deliver, FromConsumer, GivenBack, Settle } from '../../../src/ipc/messages.ts';
import type { ProcessContext } from '../../../src/pipeline/context.ts';
import { pipelineMark, type Pipeline } from '../../../src/pipeline/types.ts';
import type { MemorySink } from '../../../src/connectors/memory/sink.ts';
import { sinkId, type Sink, type SinkWriter } from '../../../src/sinks/port.ts';
import type { AnyProcessor } from '../../../src/processors/port.ts';
import { shown } from '../../../src/values/values.ts';
import { Consumer } from '../../../src/working/consumer.ts';
import { Leases } from '../../../src/working/leases.ts';
import { openSink, sinksOf, type OpenSink } from '../../../src/working/open-sinks.ts';
import { SinkConnection } from '../../../src/working/sink-connection.ts';
import { SinkState } from '../../../src/working/sink-state.ts';
import { frameOf } from '../../support/frames.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { withoutPlaces } from '../../support/without-places.ts';
import { microtasks } from '../../support/microtasks.ts';
import { startOf } from '../../contract/sink-context.ts';

export interface AConsumerOptions {
  process?: (item: unknown, context: ProcessContext) => unknown;
  /** Used in place of `process`. */
  processor?: AnyProcessor;
  teardown?: () => unknown;
  /** The store that writers share; default: one of its own. */
  store?: MemorySink<unknown>;
  /** Used in place of the store. */
  sink?: Sink<unknown>;
  /** Wraps the writer that the store opens. */
  wrap?: (writer: SinkWriter<unknown>) => SinkWriter<unknown>;
  writer?: number;
  concurrency?: number;
  itemTimeoutMs?: number;
  sinkTimeoutMs?: number;
  flush?: () => Promise<void> | undefined;
  /** Whether settles are confirmed at once. */
  confirms?: boolean;
}

/** A consumer at work in this process, driven by its messages. */
export class AConsumer {
  readonly clock = new HandClock();
  readonly sent: FromConsumer[] = [];
  readonly failures: unknown[] = [];
  readonly log: string[] = [];
  readonly store: MemorySink<unknown>;
  readonly consumer: Consumer;
  #writers: readonly SinkWriter<unknown>[] = [];
  readonly #leaving = new AbortController();
  /** Scopes that were opened and not closed. */
  openScopes = 0;

  private constructor(
    options: AConsumerOptions,
    store: MemorySink<unknown>,
    sinks: readonly OpenSink[],
    clock: HandClock,
  ) {
    this.clock = clock;
    this.store = store;
    const { processor, teardown, concurrency = 4, itemTimeoutMs = 60_000, confirms = true } = options;
    const { process = processor } = options;
    const pipeline: Pipeline = {
      [pipelineMark]: 1,
      name: 'tested',
      source: [],
      process,
      teardown,
      sink: options.sink ?? store,
    };
    const warn = (message: string): void => void this.log.push(message);
    const log = { debug: warn, info: warn, warn, error: warn };
    const calls: Calls = {
      scope: () => {
        this.openScopes += 1;
        const used = new Set<string>();
        return {
          fetch: () => Promise.reject(new Error('not here')),
          limit: async (name, task) => {
            used.add(name);
            return await task();
          },
          used,
          waitsInVain: ({ limits }) => limits.has('frozen') && used.has('frozen'),
          close: () => void (this.openScopes -= 1),
        };
      },
      exclusive: async (_name, task) => await task(),
      onGranted: () => undefined,
      onRefused: () => undefined,
      waitingFor: () => null,
      repeating: () => null,
    };
    const context = { ordinal: 1, params: {}, log, clock, resolve: String };
    const { signal: leaving } = this.#leaving;
    this.consumer = new Consumer({
      pipeline,
      sinks,
      run: 'run-1',
      sinkState: new SinkState((reason) => this.sent.push({ type: 'sink', reason: reason && withoutPlaces(reason) })),
      concurrency,
      itemTimeoutMs,
      abortGraceMs: 30_000,
      params: {},
      resources: { table: 'looked up' },
      leases: processor && new Leases({ processor, target: shown({}, processor.target), context, calls, leaving }),
      decoderOf: undefined,
      clock,
      random: () => 0.5,
      redaction: new Redaction(),
      log,
      calls,
      send: (message) => {
        this.sent.push(message);
        if (confirms && message.type === 'settle') void Promise.resolve().then(() => this.consumer.settled());
      },
      flush: options.flush ?? (() => undefined),
      fail: (error) => this.failures.push(error),
    });
  }

  static async open(options: AConsumerOptions = {}): Promise<AConsumer> {
    const {
      store = to.memory(),
      writer = 1,
      wrap = (same: SinkWriter<unknown>) => same,
      sinkTimeoutMs = 60_000,
    } = options;
    const clock = new HandClock();
    const context = {
      run: 'run-1',
      writer,
      otherTables: [],
      pipeline: 'tested',
      start: startOf(1),
      resolve: String,
      isSecret: () => false,
      onOtherQueues: () => {},
      isKnown: false,
      clock,
      writeOut: () => Promise.resolve(),
      toProgram: { encode: (row: unknown) => row, send: () => undefined },
    };
    const sinks: OpenSink[] = [];
    const writers: SinkWriter<unknown>[] = [];
    for (const sink of sinksOf(options.sink ?? store)) {
      const connection = new SinkConnection({
        sink: {
          open: async (full) => {
            const opened = (await sink.open(full)) as SinkWriter<unknown>;
            writers.push(opened);
            return wrap(opened);
          },
        },
        context: { ...context, sink: sinkId(sink) },
        exclusive: (_name, task) => task(),
        timeoutMs: sinkTimeoutMs,
      });
      await connection.open();
      sinks.push(openSink(sink, 'memory', connection));
    }
    const consumer = new AConsumer(options, store, sinks, clock);
    consumer.#writers = writers;
    return consumer;
  }

  /** Its process is killed: its connections are cut, and nothing it does from then on counts. */
  async die(): Promise<void> {
    this.consumer.letGo();
    this.#leaving.abort(new Error('killed'));
    for (const writer of this.#writers) await writer.close();
  }

  /** Lends it these items; the first one is `seq`. */
  deliver(items: readonly unknown[], message: Partial<Deliver> = {}): void {
    const { header, parts } = frameToPayload(frameOf(items));
    const { seq = 1, mode = 'together' } = message;
    const rest = {
      seq,
      origin: seq,
      originRun: 'run-1',
      attempt: 1,
      history: 'first' as const,
      mode: 'together' as const,
      free: mode === 'together' ? items.length : 0,
      writers: [],
      ...message,
    };
    this.consumer.deliver({ type: 'deliver', ...rest, ...header }, Buffer.concat(parts));
  }

  /** Lends it items that a lost consumer had. */
  redeliver(items: readonly unknown[], message: Partial<Deliver> = {}): void {
    this.deliver(items, { history: 'lost', ...message });
  }

  get settles(): Settle[] {
    return this.sent.filter((message) => message.type === 'settle');
  }

  /** Seqs that it has announced. */
  get started(): number[] {
    return this.sent.flatMap((message) => (message.type === 'start' ? seqsOf(message.items) : []));
  }

  /** Seqs settled as done, lowest first. */
  get done(): number[] {
    return this.settles.flatMap(({ done }) => seqsOf(done)).toSorted((a, b) => a - b);
  }

  get failed(): Settle['failed'] {
    return this.settles.flatMap(({ failed }) => failed);
  }

  get givenBack(): number[] {
    return this.sent
      .filter((message): message is GivenBack => message.type === 'givenBack')
      .flatMap(({ items }) => seqsOf(items));
  }

  /** The types of the messages that it has sent. */
  get said(): string[] {
    return this.sent.map(({ type }) => type);
  }

  /** Lets everything continue that waits only for a promise or for the loop's next turn. */
  async settle(): Promise<void> {
    for (let i = 0; i < 8; i++) {
      await microtasks(40);
      this.clock.endTick();
    }
  }

  /** Whether `promise` is settled by now. */
  async isOver(promise: Promise<unknown>): Promise<boolean> {
    let over = false;
    const note = (): void => void (over = true);
    promise.then(note, note);
    await this.settle();
    return over;
  }
}

function seqsOf(flat: readonly number[]): number[] {
  const seqs: number[] = [];
  for (let i = 0; i < flat.length; i += 2) for (let seq = flat[i]!; seq <= flat[i + 1]!; seq++) seqs.push(seq);
  return seqs;
}

/** A promise, and how to settle it. */
export class Held<T = unknown> {
  resolve: (value: T) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}
