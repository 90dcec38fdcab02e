import { configError, type MillraceError } from '../../../src/core/errors.ts';
import { Limits } from '../../../src/limits/limits.ts';
import type { PipelineDescription } from '../../../src/ipc/messages.ts';
import { EventBus } from '../../../src/observability/events.ts';
import { Queue } from '../../../src/queue/queue.ts';
import type { QueueStats } from '../../../src/queue/queue-stats.ts';
import type { OpenSpool } from '../../../src/queue/open-spool.ts';
import { StoreFull, type Group, type RunRecord, type Store } from '../../../src/queue/store.ts';
import { blameForKilledSupervisors } from '../../../src/supervision/blame/blaming.ts';
import { describePipeline } from '../../../src/supervision/posts/describe.ts';
import type { ServiceSettings } from '../../../src/supervision/settings.ts';
import { killOrphans } from '../../../src/supervision/starting/orphans.ts';
import type { Outcome } from '../../../src/supervision/tick/ending.ts';
import { Service } from '../../../src/supervision/tick/service.ts';
import type { ProcessIdentity } from '../../../src/queue/writers.ts';
import type { Consumer, Producer } from './children.ts';
import type { Parent } from './child.ts';
import { ProcessClock, type WorldTime } from './clock.ts';
import { deliveryOf, sinksIn } from './others.ts';
import type { Plan } from './plan.ts';
import { storeOn, writersOn, type Disk, type SpoolPlace } from './spools.ts';
import type { Departure } from './departure.ts';

export interface SupervisorOptions {
  plan: Plan;
  pauseAfter: number;
  departure: Departure;
  time: WorldTime;
  random: () => number;
  place: SpoolPlace;
  disk: Disk;
  startProducer: (parent: Parent) => Producer;
  startConsumer: (parent: Parent, ordinal: number) => Consumer;
  identify: (pid: number) => ProcessIdentity | undefined;
  kill: (pid: number) => void;
  onCommit: (group: Group, isGone: boolean) => void;
  onEnd: (outcome: Outcome, limits: readonly { name: string; held: number }[]) => void;
  tell: (what: string) => void;
}

/** The parts of a supervisor that serves. */
export interface Running {
  readonly service: Service;
  readonly queue: Queue;
  readonly store: Store;
  readonly stats: () => QueueStats;
}

interface Served {
  outcome: Outcome;
  limits: readonly { name: string; held: number }[];
}

/** A supervisor's process: a small version of `start`; everything after that is the product's code. */
export class SimulatedSupervisor implements Parent {
  readonly clock: ProcessClock;
  isGone = false;
  running: Running | undefined;
  outcome: Outcome | undefined;
  readonly #options: SupervisorOptions;
  #spool: OpenSpool | undefined;
  readonly #stop = new AbortController();
  /** How many more externally visible actions it takes; undefined for no limit. */
  #left: number | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.clock = new ProcessClock(options.time);
  }

  /** Runs until it has ended, in any way. */
  async run(): Promise<void> {
    const { onEnd } = this.#options;
    try {
      const { outcome, limits } = await this.#serve();
      if (this.isGone) return;
      this.outcome = outcome;
      onEnd(outcome, limits);
    } catch (error) {
      if (this.isGone) return;
      // It does not serve yet, and the spool cannot be written.
      if (!(error instanceof StoreFull) && (error as MillraceError).exitCode !== 74) throw error;
      this.outcome = { exitCode: 74, spoolFailed: true, error: undefined };
    }
    if (this.outcome.spoolFailed) this.#spool?.abandon();
    else this.#spool?.close();
    this.#end();
  }

  /** It has taken an externally visible action. */
  acted(): void {
    if (this.#left === undefined || --this.#left > 0) return;
    this.isGone = true;
  }

  /** It is killed right after its next `count` externally visible actions. */
  dieAfter(count: number): void {
    this.#left ??= count;
  }

  stop(): void {
    this.#stop.abort();
    this.running?.service.stop('SIGTERM');
  }

  /** It has ended: nothing that it had begun continues. */
  bury(): void {
    this.isGone = true;
    this.#spool?.abandon();
    this.#end();
  }

  #end(): void {
    this.clock.cut();
    this.running = undefined;
  }

  async #serve(): Promise<Served> {
    const { plan, departure, place, disk, startProducer, startConsumer, identify, kill, onCommit, random } =
      this.#options;
    const nothing: Outcome = { exitCode: 0, spoolFailed: false, error: undefined };
    let producer = startProducer(this);
    let consumer: Consumer | undefined = startConsumer(this, 1);
    let described: PipelineDescription;
    for (;;) {
      const description = await describePipeline(producer, {
        file: '/simulated.ts',
        clock: this.clock,
        deadlineMs: plan.readyTimeoutMs,
        onOther: () => undefined,
      });
      if (description.status === 'described') {
        described = description.pipeline;
        break;
      }
      if (description.status === 'wrong') return this.#refuses('the file is broken', producer, consumer);
      producer = startProducer(this);
    }
    // The queue belongs to its first sink.
    if (described.sink.options !== 'as it was') return this.#refuses('the sink is another one', producer, consumer);
    if (this.#stop.signal.aborted) {
      this.#dismiss(producer, consumer);
      return { outcome: nothing, limits: [] };
    }
    const spool = place.open();
    this.#spool = spool;
    const { start } = spool;
    const last = spool.store.run();
    if (last?.state === 'finished') {
      this.#options.tell('finds the run finished');
      this.#dismiss(producer, consumer);
      return { outcome: { ...nothing, exitCode: (last.exitCode ?? 0) as Outcome['exitCode'] }, limits: [] };
    }
    const store = storeOn(this.#write, spool.store, (group) => onCommit(group, this.isGone));
    const writers = writersOn(this.#write, spool.writers);
    const events = new EventBus();
    events.subscribe((name, event) => this.#tellEvent(name, event));
    const { signal: stopped } = this.#stop;
    if (!departure.leavesOrphans) {
      await killOrphans(writers, { clock: this.clock, events, identify, membersOf: () => [], kill, stopped });
    } else {
      for (const { writer } of writers.notEnded()) writers.ended(writer, { isClean: false });
    }
    if (stopped.aborted) {
      this.#dismiss(producer, consumer);
      return { outcome: nothing, limits: [] };
    }
    const run = last ?? firstRun;
    writers.forgetOthers(run.run);
    const limits = new Limits(plan.limits);
    limits.restore(store.limits(), this.clock.now(), this.clock.wall(), { wasKilled: true });
    const queue = new (departure.queue ?? Queue)(store, run, {
      windowBytes: plan.memoryWindowBytes,
      windowRetries: plan.windowRetries,
    });
    const settings = settingsOf(plan, this.#options.pauseAfter);
    blameForKilledSupervisors({ queue, clock: this.clock, events, random, settings }, spool.predecessors);
    const sinkHasLedger = sinksIn(plan).some((kind) => deliveryOf(kind) === 'transaction');
    const service = new Service({
      hub: {
        clock: this.clock,
        random,
        events,
        settings,
        pipeline: { name: 'simulated', file: '/simulated.ts', sinkHasLedger },
        queue,
        limits,
      },
      deps: { writers, start, childrenDieWithUs: true, identify, writeOut: (_bytes, done) => done() },
      marks: { highItems: plan.highItems, lowItems: Math.floor(plan.highItems / 2), highBytes: 1e9, lowBytes: 1e9 },
      described,
      formatProblems: (problems) => problems.map(({ message }) => message).join('; '),
      unfencedWriters: sinkHasLedger ? writers.notFenced(run.run) : [],
      oldRuns: [],
      crew: {
        describedProducer: () => producer,
        dismissProducer: () => producer.kill('not needed'),
        firstConsumer: (ordinal) => {
          const first = ordinal === 1 ? consumer : undefined;
          if (first) consumer = undefined;
          return first ?? startConsumer(this, ordinal);
        },
        startProducer: () => startProducer(this),
        startConsumer: (ordinal) => startConsumer(this, ordinal),
      },
      stateDirectory: '/state',
      checkStore: () => undefined,
      storage: { freeSpace: () => ({ free: disk.isLow ? 1 : 1e12, total: 2e12 }), tend: () => 0 },
      reserve: disk.reserve,
    });
    this.running = { service, queue, store, stats: () => departure.statsOf?.(queue) ?? queue.stats };
    const outcome = await service.run();
    return { outcome, limits: limits.snapshot(this.clock.now()) };
  }

  #refuses(why: string, ...children: (Producer | Consumer | undefined)[]): Served {
    this.#dismiss(...children);
    return { outcome: { exitCode: 78, spoolFailed: false, error: configError('PIPELINE', why) }, limits: [] };
  }

  #dismiss(...children: (Producer | Consumer | undefined)[]): void {
    for (const child of children) child?.kill('not needed');
  }

  /** A write to the spool. Once this supervisor has ended, nothing more is written. */
  #write = <T>(write: () => T): T => {
    if (this.isGone) throw new Error('this supervisor is gone');
    const result = this.#options.disk.write(write);
    this.acted();
    return result;
  };

  #tellEvent(name: string, { who, ...event }: Record<string, unknown>): void {
    if (this.isGone || !shown.has(name)) return;
    const about = who as { role: string; ordinal: number } | undefined;
    const fields = Object.entries(event).filter(([, value]) => typeof value !== 'object');
    const text = fields.map(([key, value]) => `${key}=${String(value)}`).join(' ');
    this.#options.tell(`${name} ${about ? `${about.role} ${about.ordinal || ''} ` : ''}${text}`.trimEnd());
  }
}

/** Events that make a story easier to follow. */
const shown = new Set([
  'run.sealed',
  'run.finished',
  'run.stopping',
  'run.stopped',
  'throttle.raised',
  'throttle.lowered',
  'child.exited',
  'child.parked',
  'child.recycling',
  'child.notReplaced',
  'orphan.killed',
  'item.retry',
  'item.dead',
  'settle.refused',
  'limit.frozen',
  'sink.down',
  'sink.up',
  'spool.full',
  'spool.ok',
  'run.paused',
  'run.unpaused',
  'disk.low',
  'disk.ok',
  'child.heldBack',
  'file.unusable',
  'file.usable',
  'item.killed',
  'items.isolated',
  'items.marked',
]);

function settingsOf(plan: Plan, pauseAfter: number): ServiceSettings {
  return {
    consumers: plan.consumers,
    concurrency: plan.concurrency,
    durability: plan.durability,
    attempts: plan.attempts,
    deadMax: plan.deadMax,
    pauseAfter,
    retry: { baseMs: 20, capMs: 100 },
    itemTimeoutMs: 2000,
    abortGraceMs: 3000,
    sinkTimeoutMs: plan.sinkTimeoutMs,
    stopTimeoutMs: 25_000,
    endTimeoutMs: 60_000,
    stallTimeoutMs: 600_000,
    readyTimeoutMs: plan.readyTimeoutMs,
    producerWindowBytes: plan.windowBytes,
    consumerCreditBytes: plan.creditBytes,
    frameItems: plan.frameItems,
    frameBytes: plan.frameBytes,
    maxItemBytes: 100_000,
    redact: [],
    minFreeBytes: null,
    restarts: { crashes: plan.crashes, periodMs: 60_000 },
    recycling: plan.recycling,
  };
}

/** The record of a run that has not begun. */
const firstRun: RunRecord = {
  run: 'run-1',
  state: 'running',
  fingerprint: 'version 1',
  position: { cursor: null, count: 0, digest: null },
  nextSeq: 1,
  stored: 0,
  done: 0,
  dead: 0,
  doneElsewhere: 0,
  params: {},
  startedAt: 0,
  finishedAt: null,
  exitCode: null,
};
