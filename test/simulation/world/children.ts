import { Redaction } from '../../../src/core/redaction.ts';
import { pause } from '../../../src/core/clock.ts';
import { DependencyError } from '../../../src/core/errors.ts';
import type { FromConsumer, FromProducer, ToConsumer, ToProducer } from '../../../src/ipc/messages.ts';
import { parse } from '../../../src/ipc/parse.ts';
import type { ProcessContext, SourceContext } from '../../../src/pipeline/context.ts';
import type { LoadedPipeline } from '../../../src/pipeline/load.ts';
import { pipelineMark, type Pipeline } from '../../../src/pipeline/types.ts';
import { producerLife } from '../../../src/reading/life.ts';
import type { Sink } from '../../../src/sinks/port.ts';
import { defineSource, type Chunk, type SourceSpec } from '../../../src/sources/port.ts';
import { consumerLife } from '../../../src/working/life.ts';
import type { Checker } from '../checks/checker.ts';
import { SimulatedChild, type Mail, type Parent } from './child.ts';
import type { WorldTime } from './clock.ts';
import type { Departure, SourceSeen } from './departure.ts';
import { processed, type Item, type Row } from './items.ts';
import { decodeRecords, recordChunk } from './records.ts';
import { deliveryOf, sinkIds, sinksIn } from './others.ts';
import type { Plan } from './plan.ts';
import type { SinkUser } from './sinks.ts';
import { showSeqs, type Story } from './story.ts';
import { Intervals } from '../../../src/core/intervals.ts';

export type Producer = SimulatedChild<FromProducer, ToProducer>;
export type Consumer = SimulatedChild<FromConsumer, ToConsumer>;
/** The content of the pipeline file, compared with its first version. */
export type PipelineFile = 'as it was' | 'is broken' | 'has another sink';
type AnyMessage = FromProducer | FromConsumer | ToProducer | ToConsumer;

export interface ChildrenOptions {
  plan: Plan;
  departure: Departure;
  time: WorldTime;
  random: () => number;
  checker: Checker;
  story: Story;
  sinkFor: (user: SinkUser) => Sink<Row>;
  /** Whether the source must throw now; each call resets this. */
  sourceFails: () => boolean;
  /** Whether the service that all items need is unreachable. */
  isDependencyOut: () => boolean;
  /** The present content of the pipeline file. */
  file: () => PipelineFile;
  /** How long a vendor freezes a limit now, if at all. */
  freezeMs: () => number | undefined;
  /** The supervisor dies at once. */
  endSupervisor: () => void;
}

/** Starts the children of a world: their code is the product's, their pipeline is its plan's. */
export class Children {
  all: (Producer | Consumer)[] = [];
  readonly #options: ChildrenOptions;
  // Higher than any real pid, so that no real process can be mistaken for a child.
  #pid = 5_000_000;

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  readonly startProducer = (parent: Parent): Producer => {
    const { plan, departure, time, random, sourceFails, file, checker } = this.#options;
    const seen: SourceSeen = { cursor: undefined, count: 0 };
    const { fromProducer, toProducer } = departure;
    const child: Producer = new SimulatedChild<FromProducer, ToProducer>({
      who: { role: 'producer', ordinal: 0, pid: this.#pid++ },
      time,
      parent,
      parse: { in: parse.fromProducer, out: parse.toProducer },
      ...this.#watched(
        (message) => (toProducer ? toProducer(message) : message),
        (message) => message,
      ),
      changeSaid: (message) => (fromProducer ? fromProducer(message, { ...seen }) : message),
      life: (line, self) =>
        producerLife(line, {
          clock: self.clock,
          random,
          rss: () => 0,
          redaction: new Redaction(),
          load: () =>
            Promise.resolve(
              loaded(plan, file(), { source: source(plan, self, seen, { fails: sourceFails, checker }) }),
            ),
          onConfigured: () => undefined,
          onReady: () => undefined,
        }),
    });
    return this.#started(child);
  };

  readonly startConsumer = (parent: Parent, ordinal: number): Consumer => {
    const { departure, time, random } = this.#options;
    const { toConsumer, fromConsumer } = departure;
    const child: Consumer = new SimulatedChild<FromConsumer, ToConsumer>({
      who: { role: 'consumer', ordinal, pid: this.#pid++ },
      time,
      parent,
      parse: { in: parse.fromConsumer, out: parse.toConsumer },
      ...this.#watched(
        (message) => (toConsumer ? toConsumer(message) : message),
        (message) => (fromConsumer ? fromConsumer(message) : message),
      ),
      changeSaid: (message) => message,
      life: (line, self) =>
        consumerLife(line, {
          clock: self.clock,
          random,
          rss: () => 0,
          redaction: new Redaction(),
          load: () => Promise.resolve(this.#workOf(self)),
          onConfigured: () => undefined,
          onReady: () => undefined,
        }),
    });
    return this.#started(child);
  };

  #started<Child extends Producer | Consumer>(child: Child): Child {
    this.all.push(child);
    this.#options.story.tell(nameOf(child), 'is started');
    return child;
  }

  /** Reports messages in both directions to the checker and the story. */
  #watched<In extends FromProducer | FromConsumer, Out extends ToProducer | ToConsumer>(
    changeSent: (message: Out) => Out,
    changeHeard: (message: In) => In,
  ) {
    const { checker, story, departure } = this.#options;
    return {
      onSent: (child: SimulatedChild<In, Out>, { message, payload }: Mail<Out>) => {
        const sent = changeSent(message);
        checker.sent(child, sent, payload);
        story.tell('supervisor', `→ ${nameOf(child)}: ${inWords(sent)}`);
        if ((sent.type === 'stop' || sent.type === 'recall') && departure.releasesForIt) this.#releaseFor(child);
        if (sent.type === 'deliver' && sent.mode === 'askOnly' && departure.condemnsUnasked) {
          condemn(child, sent);
          return undefined;
        }
        return { message: sent, payload };
      },
      onHeard: (child: SimulatedChild<In, Out>, { message, payload }: Mail<In>) => {
        const heard = changeHeard(message);
        checker.heard(child, heard, payload);
        if (heard.type !== 'beat') story.tell('supervisor', `← ${nameOf(child)}: ${inWords(heard)}`);
        return { message: heard, payload };
      },
      onExitTold: (child: SimulatedChild<In, Out>, how: { isFromOutside: boolean }) => {
        checker.exitTold(child, how);
        story.tell('supervisor', `sees ${nameOf(child)} gone`);
      },
      onDeath: (child: SimulatedChild<In, Out>) => story.tell(nameOf(child), 'is no more'),
    };
  }

  #releaseFor<In extends FromProducer | FromConsumer, Out extends ToProducer | ToConsumer>(
    child: SimulatedChild<In, Out>,
  ): void {
    const lent = new Intervals();
    for (const { seq, lentTo } of this.#options.checker.facts.open()) {
      if (lentTo === child.writer && child.writer > 0) lent.add(seq);
    }
    if (!lent.isEmpty) child.forge({ type: 'givenBack', items: lent.toFlat() } as In);
  }

  #workOf(child: Consumer): LoadedPipeline {
    const { plan, random, checker, story, sinkFor, isDependencyOut, freezeMs, endSupervisor } = this.#options;
    const file = this.#options.file();
    const die = (after: number): void => {
      const exits = [
        { code: 7, signal: null },
        { code: null, signal: 'SIGSEGV' },
        { code: null, signal: 'SIGKILL' },
      ];
      const exit = exits[Math.floor(random() * exits.length)]!;
      if (after === 0) child.die(Math.floor(random() * 3), exit);
      else child.dieAfter(after, exit);
    };
    const dieTogether = (): void => {
      child.die(0);
      // An orphan's supervisor is gone already.
      if (!child.isOrphan) endSupervisor();
    };
    const never = new Promise<never>(() => undefined);
    const call = async (limit: string, ms: number): Promise<void> => {
      if (child.isDead) return await never;
      checker.callBegan(child, limit);
      await pause(child.clock, ms);
      checker.callEnded(child, limit);
      const freeze = freezeMs();
      if (freeze !== undefined) child.say({ type: 'freeze', limit, ms: freeze });
    };
    const sink = sinkFor({
      get writer() {
        return child.writer;
      },
      get name() {
        return nameOf(child);
      },
      get isDead() {
        return child.isDead;
      },
      acts: () => child.acts(),
      whenDead: (fn) => child.whenDead(fn),
    });
    const watched = (one: Sink<Row>): Sink<Row> => ({
      ...one,
      open: (context) => {
        if (file === 'has another sink') checker.openedAnotherSink(child);
        return one.open(context);
      },
    });
    const all = sink.sinks as readonly Sink<Row>[] | undefined;
    const sinks = this.#options.departure.opensFirstSinkOnly ? all?.slice(0, 1) : all;
    return loaded(plan, file, {
      ...(plan.settles && { source: sourceOf({ deterministic: plan.deterministic, checker }) }),
      process: (item, context: ProcessContext) => {
        if (child.isDead) return never;
        checker.started(child, item as Item, context.seq, context.attempt);
        story.tell(
          nameOf(child),
          `starts seq ${context.seq}: item ${(item as Item).id}, ${(item as Item).way}, attempt ${context.attempt}`,
        );
        if (isDependencyOut()) throw new DependencyError('the dependency is out');
        return processed(item as Item, context, {
          clock: child.clock,
          random,
          attempts: plan.attempts,
          call,
          die,
          dieTogether,
        });
      },
      ...(plan.teardown !== 'none' && { teardown: () => tornDown(plan.teardown, child, die) }),
      sink: (sinks ? { ...sink, sinks: sinks.map(watched) } : watched(sink)) as Pipeline['sink'],
    });
  }
}

async function tornDown(how: Plan['teardown'], child: Consumer, die: (after: number) => void): Promise<void> {
  if (how === 'slow') await pause(child.clock, 40_000);
  if (how === 'throws') throw new Error('teardown has failed');
  if (how === 'kills') die(0);
  if (how === 'hangs') await new Promise(() => undefined);
}

function nameOf({ who, writer }: Pick<Producer | Consumer, 'who' | 'writer'>): string {
  const name = who.role === 'producer' ? 'producer' : `consumer ${who.ordinal}`;
  return writer > 0 ? `${name} (writer ${writer})` : name;
}

function condemn<In extends FromProducer | FromConsumer, Out extends ToProducer | ToConsumer>(
  child: SimulatedChild<In, Out>,
  { seq }: { seq: number },
): void {
  const error = { code: 'KILLED_CONSUMER', message: 'killed its consumer' };
  const failed = [{ seq, verdict: 'absent' as const, error, afterMs: null }];
  child.forge({ type: 'settle', done: [], failed, idle: 0, ran: 0, tookMs: 0, blockedMs: 0 } as unknown as In);
}

/** The source of a plan's items. */
function source(
  plan: Plan,
  self: Producer,
  seen: SourceSeen,
  { fails, checker }: { fails: () => boolean; checker: Checker },
): Pipeline['source'] {
  const { items, checkpointEvery, pauseEvery } = plan;
  if (plan.settles) return settlingSource(plan, self, { fails, checker });
  return async function* (context: SourceContext) {
    const { cursor, checkpoint } = context;
    seen.cursor = cursor as number | undefined;
    seen.count = 0;
    for (let i = Number(cursor ?? 0); i < items.length; i++) {
      if (fails()) throw new Error('the source has failed');
      seen.count += 1;
      if (pauseEvery > 0 && i % pauseEvery === 0) await pause(self.clock, 1 + (i % 7));
      yield items[i];
      if (checkpointEvery > 0 && i % checkpointEvery === 0) {
        seen.cursor = i + 1;
        seen.count = 0;
        checkpoint(i + 1);
      }
    }
  };
}

/** The same source with a specification: in chunks that end where it pauses or reports a cursor. */
function settlingSource(
  { items, deterministic, checkpointEvery, pauseEvery, hasRecords }: Plan,
  self: Producer,
  { fails, checker }: { fails: () => boolean; checker: Checker },
): SourceSpec<unknown, string> {
  const chunkOf = (some: readonly Item[]): Chunk => {
    if (!hasRecords) return { items: some };
    const chunk = recordChunk(some);
    checker.recordsRead(some, chunk);
    return chunk;
  };
  const read = async function* (from: number): AsyncGenerator<Chunk> {
    let chunk: Item[] = [];
    for (let i = from; i < items.length; i++) {
      if (fails()) throw new Error('the source has failed');
      if (pauseEvery > 0 && i % pauseEvery === 0) {
        if (chunk.length > 0) yield chunkOf(chunk);
        chunk = [];
        await pause(self.clock, 1 + (i % 7));
      }
      chunk.push(items[i]!);
      if (checkpointEvery === 0 || i % checkpointEvery !== 0) continue;
      checker.cursorReported(i + 1);
      yield { ...chunkOf(chunk), cursor: i + 1 };
      chunk = [];
    }
    if (chunk.length > 0) yield chunkOf(chunk);
  };
  return sourceOf({
    deterministic,
    checker,
    open: ({ cursor }) => ({
      read: () => read(Number(cursor ?? 0)),
      stored: (upTo) => checker.sourceHeardStored(self, upTo as number),
      async settled(upTo) {
        await pause(self.clock, 1 + ((upTo as number) % 7));
        if (!self.isDead) checker.sourceSettled(self, upTo as number);
      },
    }),
  });
}

/** The specification of the source, in the producer and in consumers, which only decode with it. */
function sourceOf({
  deterministic,
  checker,
  open = () => Promise.reject(new Error('a consumer opens no source')),
}: {
  deterministic: boolean;
  checker: Checker;
  open?: SourceSpec['open'];
}): SourceSpec<unknown, string> {
  return defineSource<unknown, string>({
    kind: 'simulated',
    target: 'memory',
    resumes: 'by cursor',
    settles: true,
    deterministic,
    open,
    openDecoder: () => (meta) => {
      const decode = decodeRecords(meta);
      return (run) => {
        const items = decode(run);
        checker.recordsDecoded(run, items);
        // The product must find out which record is malformed.
        if (items.some((item) => (item as Item).way === 'never')) throw new Error('a record is malformed');
        return items;
      };
    },
  });
}

function loaded(plan: Plan, file: PipelineFile, parts: Partial<Pipeline>): LoadedPipeline {
  if (file === 'is broken')
    return { pipeline: null, description: null, problems: [{ file: '/simulated.ts', message: 'unexpected token' }] };
  const deliveries = sinksIn(plan).map(deliveryOf);
  const sink = {
    kind: plan.others.length > 0 ? 'all' : plan.sink,
    delivery: (['transaction', 'part', 'call'] as const).find((delivery) => deliveries.includes(delivery))!,
    target: sinkIds(plan).join(' + '),
    options: file,
    ...(deliveries.includes('part') && { finishes: true }),
  };
  return {
    pipeline: {
      [pipelineMark]: 1,
      name: 'simulated',
      source: [],
      sink: sink as unknown as Pipeline['sink'],
      deterministic: plan.deterministic,
      ...parts,
    },
    description: {
      name: 'simulated',
      params: {},
      secrets: [],
      limits: {},
      options: {},
      fingerprint: 'version 1',
      code: 'code 1',
      deterministic: plan.deterministic,
      settles: plan.settles,
      sink,
    },
    problems: [],
  };
}

/** A message, for a story. */
function inWords(message: AnyMessage): string {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others are shown by their name
  switch (message.type) {
    case 'configure':
      return 'writer' in message
        ? `configure as writer ${message.writer}`
        : `configure from ${JSON.stringify(message.position.cursor)} + ${message.position.count}`;
    case 'deliver':
      return `deliver ${showSeqs([[message.seq, message.seq + message.count - 1]])}, attempt ${message.attempt}, ${message.mode}, ${message.free} free, ${message.history}, writers ${message.writers.join(', ') || 'none'}`;
    case 'frame':
      return `frame of ${message.count}, up to ${message.position.cursor ?? 'the start'} + ${message.position.count}`;
    case 'settle':
      return `settle done ${showSeqs(Intervals.fromFlat(message.done))}, failed ${message.failed.map(({ seq, verdict }) => `${seq} ${verdict}`).join(', ') || 'nothing'}`;
    case 'start':
      return `start ${showSeqs(Intervals.fromFlat(message.items))}`;
    case 'recall':
      return `recall ${message.items}`;
    case 'givenBack':
      return `given back ${showSeqs(Intervals.fromFlat(message.items))}`;
    case 'fenced':
      return `fenced ${message.writers.join(', ')}`;
    case 'prune':
      return `prune below ${message.before} but ${message.open.join(', ') || 'nothing'}`;
    case 'stored':
      return `stored ${message.frames}`;
    case 'settled':
      return 'settled';
    case 'settledTo':
      return `settled up to cursor ${message.cursor}`;
    case 'throttle':
      return message.on ? 'throttle on' : 'throttle off';
    case 'acquire':
      return `acquire ${message.id} of ${message.limit.startsWith('sink:') ? 'the sink' : message.limit}`;
    case 'granted':
    case 'release':
      return `${message.type} ${message.id}`;
    case 'freeze':
      return `freeze ${message.limit} for ${message.ms} ms`;
    case 'sink':
      return message.reason === null ? 'the sink is back' : 'the sink is out';
    case 'failed':
      return `failed: ${message.error.message}`;
    default:
      return message.type;
  }
}
