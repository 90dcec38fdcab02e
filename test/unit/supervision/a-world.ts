import { pause } from '../../../src/core/clock.ts';
import { PermanentError, RetryAfter } from '../../../src/core/errors.ts';
import { handle } from '../../../src/ipc/handlers.ts';
import type { FromConsumer, FromProducer, ToConsumer, ToProducer } from '../../../src/ipc/messages.ts';
import { Limits } from '../../../src/limits/limits.ts';
import { EventBus } from '../../../src/observability/events.ts';
import type { ProcessContext, SourceContext } from '../../../src/pipeline/context.ts';
import type { LoadedPipeline } from '../../../src/pipeline/load.ts';
import { pipelineMark, type Pipeline } from '../../../src/pipeline/types.ts';
import { MemoryStore } from '../../../src/queue/memory-store.ts';
import { Queue } from '../../../src/queue/queue.ts';
import { StoreFull, type Group } from '../../../src/queue/store.ts';
import { producerLife } from '../../../src/reading/life.ts';
import { memory } from '../../../src/sinks/memory.ts';
import type { SinkWriter } from '../../../src/sinks/port.ts';
import { Service, type Outcome } from '../../../src/supervision/service.ts';
import { consumerLife } from '../../../src/working/life.ts';
import { startOf } from '../../contract/sink-context.ts';
import { aRun } from '../../support/a-queue.ts';
import { CutClock } from '../../support/cut-clock.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { InProcessChild } from '../../support/in-process-child.ts';
import { microtasks } from '../../support/microtasks.ts';

/** An item, and how it will go. */
export interface Item {
  id: number;
  way: 'at once' | 'soon' | 'slow' | 'fails first' | 'never' | 'nothing' | 'twice' | 'later';
}

/** The rows that the sink must have of an item in the end. */
export function rowsOf({ id, way }: Item): string[] {
  if (way === 'never' || way === 'nothing') return [];
  return way === 'twice' ? [`${id} a`, `${id} b`] : [`${id}`];
}

class MoodyStore extends MemoryStore {
  isFull = false;

  override commit(group: Group): void {
    if (this.isFull) throw new StoreFull('no space left');
    super.commit(group);
  }
}

type AnyChild = Pick<InProcessChild<object, object>, 'isDead' | 'isOver' | 'die' | 'hear' | 'beHeard' | 'who'>;

/** A whole pipeline in this process: the real supervisor, producer and consumers, of which each step is the test's. */
export class World {
  readonly clock = new HandClock();
  readonly store = new MoodyStore();
  readonly sink = memory<string>();
  readonly items: readonly Item[];
  readonly checkpointEvery: number;
  readonly consumers: number;
  readonly writers = new Map<number, { isProducer: boolean; ended: boolean; fenced: boolean }>();
  /** Attempts seen by `process`, by item. */
  readonly attempts = new Map<number, number>();
  readonly tries = new Map<number, number>();
  children: AnyChild[] = [];
  outcome: Outcome | undefined;
  service: Service | undefined;
  queue: Queue | undefined;
  #generation = 0;
  #supervisorClock = new CutClock(this.clock);
  #pid = 100;
  #canReserve = true;

  constructor(options: { items: readonly Item[]; checkpointEvery: number; consumers: number }) {
    this.items = options.items;
    this.checkpointEvery = options.checkpointEvery;
    this.consumers = options.consumers;
    this.startSupervisor();
  }

  startSupervisor(): void {
    this.#generation += 1;
    this.outcome = undefined;
    this.#supervisorClock = new CutClock(this.clock);
    // Predecessors' children are seen gone before anything else.
    for (const writer of this.writers.values()) writer.ended = true;
    const unfencedWriters = [...this.writers].flatMap(([id, { isProducer, fenced }]) =>
      isProducer || fenced ? [] : [id],
    );
    const queue = new Queue(this.store, this.store.run() ?? aRun(), { windowBytes: 2000 });
    const service = new Service({
      hub: {
        clock: this.#supervisorClock,
        random: () => 0.5,
        events: new EventBus(),
        settings: {
          consumers: this.consumers,
          concurrency: 3,
          durability: 'full',
          attempts: 4,
          deadMax: 1e9,
          retryBaseMs: 20,
          retryCapMs: 100,
          itemTimeoutMs: 300_000,
          abortGraceMs: 30_000,
          sinkTimeoutMs: 60_000,
          stopTimeoutMs: 25_000,
          stallTimeoutMs: 600_000,
          readyTimeoutMs: 600_000,
          producerWindowBytes: 500,
          consumerCreditBytes: 1000,
          frameItems: 4,
          frameBytes: 300,
          maxItemBytes: 1000,
          restarts: { crashes: 1e9, periodMs: 60_000 },
          // Often, so that it meets whatever else happens.
          recycling: { rssBytes: null, items: 5, ageMs: null },
        },
        pipeline: { name: 'tested', file: '/tested.ts', sinkIsTransactional: true },
        queue,
        limits: new Limits({}),
        writers: {
          register: ({ role }) => {
            this.#writeBooks();
            const id = this.writers.size + 1;
            this.writers.set(id, { isProducer: role === 'producer', ended: false, fenced: false });
            return id;
          },
          ended: (id, { isClean }) => {
            this.#writeBooks();
            Object.assign(this.writers.get(id)!, { ended: true, fenced: isClean });
          },
          fenced: (ids) => {
            this.#writeBooks();
            for (const id of ids) this.writers.get(id)!.fenced = true;
          },
        },
        start: startOf(this.#generation),
        childrenDieWithUs: true,
        identify: (pid) => ({ pid, started: '1', boot: 'b' }),
        writeOut: (_bytes, done) => done(),
      },
      marks: { highItems: 20, lowItems: 10, highBytes: 1e9, lowBytes: 1e9 },
      fingerprint: 'version 1',
      unfencedWriters,
      oldRuns: [],
      crew: {
        describedProducer: () => this.#producer({ isDescribed: true }),
        dismissProducer: () => undefined,
        firstConsumer: (ordinal) => this.#consumer(ordinal),
        startProducer: () => this.#producer({ isDescribed: false }),
        startConsumer: (ordinal) => this.#consumer(ordinal),
      },
      stateDirectory: '/state',
      checkStore: () => undefined,
      reserve: { isHeld: false, take: () => this.#canReserve, release: () => undefined },
    });
    this.queue = queue;
    this.service = service;
    void this.#await(service);
  }

  /** The run is over, and the supervisor has said so. */
  get isFinished(): boolean {
    return this.outcome !== undefined && this.store.run()?.state === 'finished';
  }

  /** The supervisor is killed, and its children with it; what it had not committed is gone. */
  killSupervisor(): void {
    this.#supervisorClock.cut();
    for (const child of this.children) child.die(0);
    this.children = [];
    this.startSupervisor();
  }

  fill(canReserve: boolean): void {
    this.store.isFull = true;
    this.#canReserve = canReserve;
  }

  makeRoom(): void {
    this.store.isFull = false;
    this.#canReserve = true;
  }

  /** Lets everything happen that can, for a while. */
  async calm(ms: number): Promise<void> {
    for (let moved = true; moved;) {
      await microtasks(6);
      moved = false;
      for (const child of this.children.slice()) {
        while (child.beHeard()) moved = true;
        while (child.hear()) moved = true;
      }
      this.clock.endTick();
      this.children = this.children.filter(({ isOver }) => !isOver);
    }
    this.clock.turn(ms);
  }

  async #await(service: Service): Promise<void> {
    const outcome = await service.run();
    // A supervisor that is gone says nothing.
    if (this.service === service) this.outcome = outcome;
  }

  #writeBooks(): void {
    if (this.store.isFull) throw new StoreFull('no space left');
  }

  #producer({ isDescribed }: { isDescribed: boolean }): InProcessChild<FromProducer, ToProducer> {
    const who = { role: 'producer', ordinal: 0, pid: this.#pid++ } as const;
    const child = new InProcessChild<FromProducer, ToProducer>(who, this.clock, (line, { clock }) => {
      const { handlers, onLeave } = producerLife(line, {
        clock,
        random: () => 0.5,
        load: () => Promise.resolve(this.#loaded(this.#pipeline(() => false))),
        onConfigured: () => undefined,
        onReady: () => undefined,
      });
      return { handle: (message, payload) => handle(handlers, message, payload), onLeave };
    });
    if (isDescribed) child.wasAsked({ type: 'describe', file: '/tested.ts' });
    this.children.push(child);
    return child;
  }

  #consumer(ordinal: number): InProcessChild<FromConsumer, ToConsumer> {
    const who = { role: 'consumer', ordinal, pid: this.#pid++ } as const;
    const child = new InProcessChild<FromConsumer, ToConsumer>(who, this.clock, (line, self) => {
      const { handlers, onLeave } = consumerLife(line, {
        clock: self.clock,
        random: () => 0.5,
        load: () => Promise.resolve(this.#loaded(this.#pipeline(() => self.isDead))),
        onConfigured: () => undefined,
        onReady: () => undefined,
      });
      return { handle: (message, payload) => handle(handlers, message, payload), onLeave };
    });
    this.children.push(child);
    return child;
  }

  #loaded(pipeline: Pipeline): LoadedPipeline {
    const description = {
      name: 'tested',
      limits: {},
      options: {},
      fingerprint: 'version 1',
      deterministic: true,
      sink: { kind: 'memory', transactional: true, target: 'memory' },
    };
    return { pipeline, description, problems: [] };
  }

  #pipeline(isDead: () => boolean): Pipeline {
    const { items, checkpointEvery, clock, attempts, tries, sink } = this;
    return {
      [pipelineMark]: 1,
      name: 'tested',
      async *source({ cursor, checkpoint }: SourceContext) {
        for (let i = Number(cursor ?? 0); i < items.length; i++) {
          if (i % 5 === 4) await Promise.resolve();
          yield items[i];
          if (i % checkpointEvery === 0) checkpoint(i + 1);
        }
      },
      process: (item, context: ProcessContext) => {
        attempts.set(context.seq, Math.max(attempts.get(context.seq) ?? 0, context.attempt));
        tries.set(context.seq, (tries.get(context.seq) ?? 0) + 1);
        return processed(item as Item, context, clock, tries.get(context.seq)!);
      },
      sink: { ...sink, open: async (context) => cutOff(await sink.open(context), isDead) } as Pipeline['sink'],
    };
  }
}

/** `tries` counts all, also those that use no attempt. */
function processed(item: Item, { attempt, signal }: ProcessContext, clock: HandClock, tries: number): unknown {
  switch (item.way) {
    case 'at once':
      return rowsOf(item)[0];
    case 'soon':
      return Promise.resolve().then(() => rowsOf(item));
    case 'slow':
      return pause(clock, 5 + (item.id % 40), signal).then(() => rowsOf(item));
    case 'fails first':
      if (attempt < 3) throw new Error('not yet');
      return rowsOf(item);
    case 'later':
      return pause(clock, 3).then(() => {
        if (tries > 3) return rowsOf(item);
        throw new RetryAfter(7);
      });
    case 'never':
      throw new PermanentError('never');
    case 'nothing':
      return undefined;
    case 'twice':
      return rowsOf(item);
  }
}

/** What a process that is dead does to a sink: nothing, and it hears of nothing. */
function cutOff(writer: SinkWriter<string>, isDead: () => boolean): SinkWriter<string> {
  const alive = async <T>(call: () => Promise<T>): Promise<T> => {
    const never = new Promise<T>(() => {});
    // A moment in which it can be killed before, and one after.
    await Promise.resolve();
    if (isDead()) return await never;
    const result = await call();
    return isDead() ? await never : result;
  };
  return {
    commit: (batch) => alive(() => writer.commit(batch)),
    fence: (writers) => alive(() => writer.fence(writers)),
    ask: (from, to) => alive(() => writer.ask(from, to)),
    prune: (request) => alive(() => writer.prune(request)),
    close: () => alive(() => writer.close()),
  };
}
