import type { Described } from '../../src/ipc/messages.ts';
import { MemoryStore } from '../../src/queue/memory-store.ts';
import { MemoryWriters } from '../../src/queue/memory-writers.ts';
import type { NewWriter } from '../../src/queue/writers.ts';
import { Queue } from '../../src/queue/queue.ts';
import { StoreFull, type Group, type RunRecord } from '../../src/queue/store.ts';
import type { Marks } from '../../src/queue/throttle.ts';
import { Limits } from '../../src/limits/limits.ts';
import type { LimitRules } from '../../src/core/limit-rules.ts';
import { EventBus, type EventName, type Events } from '../../src/observability/events.ts';
import type { ServiceSettings } from '../../src/supervision/settings.ts';
import type { Outcome } from '../../src/supervision/tick/ending.ts';
import { Service } from '../../src/supervision/tick/service.ts';
import { aRun } from './a-queue.ts';
import { FakeConsumer, FakeProducer } from './fake-child.ts';
import { HandClock } from './hand-clock.ts';
import { startOf } from '../contract/sink-context.ts';

/** A store in memory that notes each commit, and can be out of space or broken. */
class WatchedStore extends MemoryStore {
  refuses: Error | undefined;
  refusesSync: Error | undefined;
  readonly #note: (what: string) => void;

  constructor(note: (what: string) => void) {
    super();
    this.#note = note;
  }

  override commit(group: Group): void {
    if (this.refuses) throw this.refuses;
    super.commit(group);
    this.#note('commit');
  }

  override sync(): void {
    if (this.refusesSync) throw this.refusesSync;
  }
}

/** Writers in memory that note each change, and can be out of space. */
class WatchedWriters extends MemoryWriters {
  refuses: Error | undefined;
  readonly #note: (what: string) => void;

  constructor(note: (what: string) => void) {
    super();
    this.#note = note;
  }

  override register(record: NewWriter): number {
    if (this.refuses) throw this.refuses;
    const writer = super.register(record);
    this.#note(`writer ${writer} registered`);
    return writer;
  }

  override ended(writer: number, how: { isClean: boolean }): void {
    if (this.refuses) throw this.refuses;
    super.ended(writer, how);
    this.#note(`writer ${writer} ended`);
  }

  override fenced(writers: readonly number[]): void {
    if (this.refuses) throw this.refuses;
    super.fenced(writers);
  }
}

export interface AServiceOptions {
  run?: Partial<RunRecord>;
  settings?: Partial<ServiceSettings>;
  marks?: Partial<Marks>;
  limits?: Record<string, LimitRules>;
  isTransactional?: boolean;
  /** The source wants to hear what is settled. */
  settles?: boolean;
  unfencedWriters?: number[];
  store?: (store: MemoryStore) => void;
}

/** A supervisor's service whose children, time and ticks the test controls. */
export class AService {
  readonly clock = new HandClock();
  readonly notes: string[] = [];
  readonly events: { name: EventName; event: Events[EventName] }[] = [];
  readonly store: WatchedStore;
  readonly writers: WatchedWriters;
  readonly queue: Queue;
  readonly limits: Limits;
  readonly reserve = { isHeld: true, canTake: true, take: () => this.#take(), release: () => this.#release() };
  readonly producers: FakeProducer[] = [];
  readonly consumers: FakeConsumer[] = [];
  readonly service: Service;
  readonly vanished = new Set<number>();
  storeProblem: Error | undefined;
  space = { free: 1e12, total: 2e12 };
  logBytes = 0;
  outcome: Outcome | undefined;
  /** The description of the pipeline file that consumers send; undefined: they send none. */
  consumerFinds: Described | undefined;
  #pid = 100;

  constructor(options: AServiceOptions = {}) {
    const note = (what: string): void => void this.notes.push(what);
    this.consumerFinds = described('version 1', { settles: options.settles ?? false });
    this.store = new WatchedStore(note);
    options.store?.(this.store);
    this.writers = new WatchedWriters(note);
    this.queue = new Queue(this.store, aRun(options.run), { windowBytes: 1024 * 1024 });
    this.limits = new Limits(options.limits ?? {});
    const events = new EventBus();
    events.subscribe((name, event) => this.events.push({ name, event }));
    this.service = new Service({
      hub: {
        clock: this.clock,
        random: () => 0.5,
        events,
        settings: { ...settings, ...options.settings },
        pipeline: { name: 'tested', file: '/tested.ts', sinkHasLedger: options.isTransactional ?? true },
        queue: this.queue,
        limits: this.limits,
      },
      deps: {
        writers: this.writers,
        start: startOf(1),
        childrenDieWithUs: true,
        identify: (pid) => (this.vanished.has(pid) ? undefined : { pid, started: '1', boot: 'b' }),
        writeOut: (_bytes, done) => done(),
      },
      marks: { highItems: 1000, lowItems: 500, highBytes: 1e9, lowBytes: 1e9, ...options.marks },
      described: { ...described().pipeline!, settles: options.settles ?? false },
      formatProblems: (problems) => problems.map(({ message }) => message).join('\n'),
      unfencedWriters: options.unfencedWriters ?? [],
      oldRuns: ['run-0'],
      crew: {
        describedProducer: () => this.#newProducer(),
        dismissProducer: () => note('producer dismissed'),
        firstConsumer: (ordinal) => this.#newConsumer(ordinal),
        startProducer: () => this.#newProducer(),
        startConsumer: (ordinal) => this.#newConsumer(ordinal),
      },
      stateDirectory: '/state',
      storage: { freeSpace: () => this.space, tend: () => this.logBytes },
      checkStore: () => {
        if (this.storeProblem) throw this.storeProblem;
      },
      reserve: this.reserve,
    });
  }

  /** The producer that started last. */
  get producer(): FakeProducer {
    return this.producers.at(-1)!;
  }

  /** The consumer of this ordinal that started last. */
  consumer(ordinal = 1): FakeConsumer {
    return this.consumers.findLast(({ who }) => who.ordinal === ordinal)!;
  }

  /** Starts it; the children have not sent anything yet. */
  run(): void {
    void this.service.run().then((outcome) => (this.outcome = outcome));
    this.tick();
  }

  /** Starts it and lets every child become ready. */
  runReady(): this {
    this.run();
    this.producers.at(-1)?.says({ type: 'ready' });
    for (const consumer of this.consumers) consumer.says({ type: 'ready' });
    this.tick();
    return this;
  }

  /** Runs the next tick, and the ticks that it causes. */
  tick(): void {
    for (let i = 0; i < 3; i++) this.clock.endTick();
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.clock.turn(ms);
    this.tick();
  }

  /** Lets code that waits for a promise continue, and then runs the tick. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.tick();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** All events of a name. */
  emitted<Name extends EventName>(name: Name): Events[Name][] {
    return this.events.filter((entry) => entry.name === name).map(({ event }) => event as Events[Name]);
  }

  /** The notes since the last call. */
  since(): string[] {
    return this.notes.splice(0);
  }

  isFull(): void {
    this.store.refuses = new StoreFull('no space left');
    this.writers.refuses = new StoreFull('no space left');
  }

  hasSpaceAgain(): void {
    this.store.refuses = undefined;
    this.writers.refuses = undefined;
  }

  #newProducer(): FakeProducer {
    const child = new FakeProducer({ role: 'producer', ordinal: 0, pid: this.#pid++ }, (what) => this.notes.push(what));
    child.startedAt = this.clock.now();
    this.producers.push(child);
    return child;
  }

  #newConsumer(ordinal: number): FakeConsumer {
    const child = new FakeConsumer({ role: 'consumer', ordinal, pid: this.#pid++ }, (what) => this.notes.push(what));
    child.onTold = ({ type }) => {
      if (type === 'describe' && this.consumerFinds) child.says(this.consumerFinds);
    };
    child.startedAt = this.clock.now();
    this.consumers.push(child);
    return child;
  }

  #take(): boolean {
    if (this.reserve.canTake) this.reserve.isHeld = true;
    return this.reserve.isHeld;
  }

  #release(): void {
    this.reserve.isHeld = false;
  }
}

/** A producer's description of its pipeline file. */
export function described(fingerprint = 'version 1', { settles = false }: { settles?: boolean } = {}): Described {
  return {
    type: 'described',
    pipeline: {
      name: 'tested',
      params: {},
      secrets: [],
      limits: {},
      options: {},
      fingerprint,
      code: `code of ${fingerprint}`,
      deterministic: true,
      settles,
      sink: { kind: 'memory', delivery: 'transaction', target: 'memory', options: 'none' },
    },
    problems: [],
  };
}

const settings: ServiceSettings = {
  consumers: 2,
  concurrency: 4,
  durability: 'full',
  attempts: 3,
  deadMax: 10_000,
  pauseAfter: 100,
  retry: { baseMs: 1000, capMs: 10_000 },
  itemTimeoutMs: 300_000,
  abortGraceMs: 30_000,
  sinkTimeoutMs: 60_000,
  stopTimeoutMs: 25_000,
  endTimeoutMs: 300_000,
  stallTimeoutMs: 60_000,
  readyTimeoutMs: 30_000,
  producerWindowBytes: 4 * 1024 * 1024,
  consumerCreditBytes: 8 * 1024 * 1024,
  frameItems: 1024,
  frameBytes: 256 * 1024,
  maxItemBytes: 16 * 1024 * 1024,
  redact: [],
  minFreeBytes: null,
  recycling: { rssBytes: null, items: null, ageMs: null },
  restarts: { crashes: 5, periodMs: 60_000 },
};
