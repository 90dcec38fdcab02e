/**
 * The supervisor at work: one queue, one producer, N consumers, and the tick that moves everything.
 *
 * Everything that arrives within one turn of the event loop only makes *pending* changes. At the end of the turn the tick
 * commits all of them in one transaction, and only then acts on them. Signals and fatal errors arrive in the same way.
 */
import type { Cancel, Moment } from '../../core/clock.ts';
import { MillraceError } from '../../core/errors.ts';
import { exitCodes, type ExitCode } from '../../core/exit-codes.ts';
import type { PipelineDescription, Problem } from '../../ipc/messages.ts';
import type { Who } from '../../observability/events.ts';
import { createRate } from '../../observability/rate.ts';
import type { Status } from '../../observability/status.ts';
import type { Queue } from '../../queue/queue.ts';
import { isOpen } from '../../queue/store.ts';
import type { Marks } from '../../queue/throttle.ts';
import { Outage } from '../blame/outage.ts';
import { SinglingOut } from '../blame/singling-out.ts';
import type { Hub } from '../hub.ts';
import type { Crew } from '../posts/crew.ts';
import { watchForHangs } from '../posts/watch.ts';
import { Admission } from '../replacing/admission.ts';
import { HeldBack } from '../replacing/held-back.ts';
import { Recycling } from '../replacing/recycling.ts';
import { Reloading, type ReloadAnswer } from '../replacing/reloading.ts';
import { Consumers } from '../roles/consumers.ts';
import { Consuming, type ConsumerDeps } from '../roles/consuming.ts';
import { OtherQueues } from '../roles/other-queues.ts';
import { Producing } from '../roles/producing.ts';
import { Pruning } from '../roles/pruning.ts';
import { Roster } from '../roles/roster.ts';
import { UnfencedWriters } from '../roles/unfenced-writers.ts';
import { Changes, serviceOver } from './changes.ts';
import { Committing, type Committed, type CommittingOptions } from './committing.ts';
import { Ending, parkedError, stuckError, type Outcome } from './ending.ts';
import { Granting } from './granting.ts';
import { Lending } from './lending.ts';
import { Pausing } from './pausing.ts';
import { Shutdown } from './shutdown.ts';
import { describeService } from './status.ts';
import { Tending, type Storage } from './tending.ts';
import { Throttling } from './throttling.ts';
import { Ticking } from './ticking.ts';

/** How long to wait before a commit that found no space is tried again. */
const fullRetryMs = 500;
/** How often to look for consumers that have to be replaced. */
const recyclingMs = 1000;

export interface ServiceOptions extends Pick<CommittingOptions, 'reserve' | 'checkStore'> {
  hub: Omit<Hub, 'touch' | 'record' | 'fail' | 'broken'>;
  /** Shared by the supervisor's sides of all posts. */
  deps: Omit<ConsumerDeps, 'admission' | 'outage' | 'singlingOut' | 'unfencedWriters' | 'otherQueues' | 'writers'> & {
    writers: ConsumerDeps['writers'] & ConstructorParameters<typeof UnfencedWriters>[1];
  };
  marks: Marks;
  /** The pipeline's description. */
  described: PipelineDescription;
  /** The final cursor of the last finished run with the same params and source, as JSON. Default: none. */
  previous?: string | null;
  formatProblems: (problems: readonly Problem[]) => string;
  /** Consumers of earlier supervisors that the sink does not bar yet. */
  unfencedWriters: readonly number[];
  oldRuns: string[];
  crew: Pick<Crew, 'describedProducer' | 'dismissProducer' | 'firstConsumer' | 'startProducer' | 'startConsumer'>;
  stateDirectory: string;
  storage: Storage;
}

export class Service {
  readonly #hub: Hub;
  readonly #options: ServiceOptions;
  readonly #ticking: Ticking;
  readonly #committing: Committing;
  readonly #changes = new Changes();
  readonly #roster: Roster;
  readonly #admission: Admission;
  readonly #granting: Granting;
  readonly #pausing: Pausing;
  readonly #lending: Lending;
  readonly #throttling: Throttling;
  readonly #pruning: Pruning;
  readonly #tending: Tending;
  readonly #recycling: Recycling;
  readonly #heldBack: HeldBack;
  readonly #reloading: Reloading;
  readonly #ending: Ending;
  readonly #rate = createRate();
  readonly #startedAt: number;
  readonly #doneBefore: number;
  #shutdown: Shutdown | undefined;
  #failure: MillraceError | undefined;
  #spoolFailed = false;
  #cancelWatch: Cancel = () => undefined;
  #resolve: (outcome: Outcome) => void = () => undefined;
  #isOver = false;

  constructor(options: ServiceOptions) {
    const { crew, described, deps, marks, storage } = options;
    this.#options = options;
    this.#ticking = new Ticking({
      clock: options.hub.clock,
      tick: () => this.#tick(),
      // At the high-water mark the producer must hear of it, not send more.
      isMoreArriving: () => this.#roster.producing.post.child?.isReceiving === true && this.#throttling.hasSpace,
    });
    const touch = (): void => this.#ticking.touch();
    const hub: Hub = {
      ...options.hub,
      touch,
      record: (write) => {
        this.#committing.record(write);
        touch();
      },
      fail: (error) => this.#fail(error),
      broken: (error) => this.#failHard(error),
    };
    this.#hub = hub;
    hub.results?.start(touch);
    this.#startedAt = hub.clock.now();
    this.#doneBefore = hub.queue.run.done;
    this.#committing = new Committing({ ...options, hub });
    this.#tending = new Tending(hub, { storage, ...hub.settings });
    const startProducer: typeof crew.startProducer = () => crew.startProducer();
    const hasAnyBeenReady = (): boolean => consumers.current.some(({ hasBeenReady }) => hasBeenReady);
    const admission = new Admission({ ...options, hub, hasAnyBeenReady });
    this.#admission = admission;
    const outage = new Outage(hub.settings);
    const consumerDeps: ConsumerDeps = {
      ...deps,
      admission,
      outage,
      singlingOut: new SinglingOut(),
      unfencedWriters: new UnfencedWriters(hub, deps.writers, options.unfencedWriters),
      otherQueues: new OtherQueues(hub.events, deps.start),
    };
    const producing = new Producing(hub, consumerDeps, {
      ...described,
      previous: options.previous ?? null,
      spawn: startProducer,
    });
    const consumers = new Consumers(hub, consumerDeps, (ordinal) => crew.startConsumer(ordinal));
    const finisher = described.sink.finishes
      ? new Consuming(hub, consumerDeps, { ordinal: 0, spawn: () => crew.startConsumer(0), finishes: true })
      : undefined;
    const roster = new Roster(producing, consumers, finisher);
    this.#roster = roster;
    this.#granting = new Granting(hub, roster);
    this.#pausing = new Pausing({ hub, outage, consumers });
    this.#lending = new Lending({ hub, outage, consumers, pausing: this.#pausing });
    this.#throttling = new Throttling(hub, { marks, producing });
    this.#pruning = new Pruning(hub, options.oldRuns);
    this.#recycling = new Recycling(hub, consumers);
    this.#heldBack = new HeldBack(hub, { admission, roster, startProducer });
    const onAccepted = (): void => producing.post.release();
    this.#reloading = new Reloading(hub, { consumers, admission, startProducer, onAccepted });
    this.#ending = new Ending(hub, roster);
  }

  /** Runs until the run is finished or the service has stopped. */
  run(): Promise<Outcome> {
    const { clock, settings } = this.#hub;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      // It may have been stopped before.
      if (!this.#shutdown) this.#fillPosts();
      this.#committing.start();
      this.#tending.start();
      const watches = [watchForHangs(() => this.#roster.posts, { clock, ...settings })];
      if (this.#recycling.isWanted) watches.push(clock.every(recyclingMs, () => this.#recycle()));
      this.#cancelWatch = () => watches.forEach((cancel) => cancel());
      this.#ticking.touch();
    });
  }

  /** Stops cleanly; called again, it speeds up. The queue keeps unfinished items. */
  stop(reason: string): void {
    if (this.#isOver || this.#shutdown?.isHurried) return;
    const { events, clock, settings, queue, limits } = this.#hub;
    events.emit('run.stopping', { reason, hurry: this.#shutdown !== undefined, lent: queue.stats.lent });
    if (this.#shutdown) {
      this.#shutdown.hurry();
    } else {
      this.#reloading.close();
      this.#heldBack.close();
      this.#shutdown = new Shutdown({
        clock,
        stopTimeoutMs: settings.stopTimeoutMs,
        limits,
        roster: this.#roster,
        reason,
        onAbort: () => events.emit('run.aborting', { running: queue.stats.lent }),
        onGivenUp: (who) => this.#giveUpOn(who),
      });
    }
    this.#ticking.touch();
  }

  /** Lends nothing more and pauses the producer until `resume`. Lent items are finished. */
  pause(reason: string): void {
    this.#pausing.hold(reason);
    this.#ticking.touch();
  }

  resume(): void {
    this.#pausing.resume();
    this.#ticking.touch();
  }

  /**
   * Replaces the consumers one by one with new processes that run the file's new code, if the run can resume with it.
   */
  reload(): ReloadAnswer {
    return this.#reloading.begin();
  }

  /** Does an operator's `work` on the queue; resolves to its result when that is durable. */
  async change<T>(work: (queue: Queue, moment: Moment) => T): Promise<T> {
    if (this.#isOver) throw serviceOver();
    const { queue, clock } = this.#hub;
    const result = work(queue, clock.moment());
    if (queue.isDirty) {
      this.#ticking.touch();
      await this.#changes.committed();
    }
    return result;
  }

  get status(): Status {
    return describeService({
      hub: this.#hub,
      throttle: this.#throttling,
      roster: this.#roster,
      setAside: this.#lending.setAside,
      reload: this.#reloading.status,
      stop: this.#shutdown?.status,
      fileProblem: this.#admission.problem,
      nextLookAt: this.#heldBack.nextLookAt,
      isFull: this.#committing.isFull,
      low: this.#tending.low,
      state: this.state,
      pausedBy: this.#pausing.reason,
      startedAt: this.#startedAt,
      perSecond: this.#rate.perSecond(this.#hub.clock.now()),
      doneBefore: this.#doneBefore,
      stateDirectory: this.#options.stateDirectory,
    });
  }

  /** The same as in the status, but cheaper to compute. */
  get state(): Status['state'] {
    if (this.#shutdown) return 'stopping';
    return this.#pausing.reason === null ? this.#hub.queue.run.state : 'paused';
  }

  #fillPosts(): void {
    const { crew } = this.#options;
    const { producing, consumers } = this.#roster;
    const { run, cursors } = this.#hub.queue;
    // A sealed run has all its items. It needs a producer only if its source has to hear what is settled.
    const needsProducer = run.state === 'running' || (run.state === 'sealed' && !cursors.areConfirmed);
    if (needsProducer) producing.start(crew.describedProducer());
    else crew.dismissProducer();
    for (const { post } of consumers.current) post.start(crew.firstConsumer(post.ordinal));
  }

  #recycle(): void {
    if (isOpen(this.#hub.queue.run) && !this.#shutdown && !this.#reloading.isUnderWay) this.#recycling.look();
  }

  // ── the tick ───────────────────────────────────────────────────────────────────────────────────────────────────

  #tick(): void {
    try {
      this.#advance();
      const committed = this.#commit();
      if (committed === 'nothing') return;
      this.#act(committed);
      this.#endIfOver();
      if (!this.#committing.isFull) this.#wakeLater();
    } catch (error) {
      this.#failHard(error);
    }
  }

  /** Advances everything that has changed; all of it becomes part of the commit. */
  #advance(): void {
    this.#granting.advance();
    if (!this.#shutdown) {
      this.#roster.consumers.advance();
      this.#reloading.advance();
      if (!this.#reloading.isUnderWay) this.#heldBack.advance();
    }
    this.#ending.advance({ isStopping: this.#shutdown !== undefined });
  }

  #commit(): Committed {
    const committed = this.#committing.commit();
    const { refusal } = this.#committing;
    if (committed === 'all') this.#changes.afterCommit();
    else this.#changes.delayed(refusal?.message ?? 'the disk-space reserve is not restored yet');
    if (!this.#committing.isFull) return committed;
    if (this.#shutdown) this.#endDespiteFullDisk();
    // It has sent items for which there is no space. More items would find none, either.
    this.#roster.producing.throttle(true);
    this.#ticking.comeAt(this.#hub.clock.now() + fullRetryMs);
    return committed;
  }

  /** Does what the commit allows. Consumers come first: they wait for what they are lent; the producer has its window. */
  #act(committed: Exclude<Committed, 'nothing'>): void {
    const { queue, clock } = this.#hub;
    const { producing, consumers } = this.#roster;
    for (const { post } of consumers.all) post.outbox?.committed(committed);
    this.#roster.finisher?.post.outbox?.committed(committed);
    this.#rate.see(clock.now(), queue.run.done);
    this.#ending.announceSealed();
    if (queue.committedRun.state === 'finishing') {
      consumers.cancelReplacement();
      this.#pruning.atTheEnd(consumers.all);
      for (const consumer of consumers.all) consumer.end();
    }
    if (this.#shutdown) this.#lending.rest();
    else this.#lending.lend();
    this.#shutdown?.advance();
    this.#pruning.afterCommit(consumers.all);
    // The throttle comes before `stored`, which allows the producer to send more, and before `configure`, which starts it.
    const isDiskShort = this.#committing.isFull || this.#tending.low !== undefined;
    this.#throttling.update({ hasToWait: isDiskShort || this.#pausing.isHeld });
    producing.committed(committed);
    if (!this.#shutdown) producing.settle();
    this.#granting.announced();
  }

  #wakeLater(): void {
    const { limits, clock } = this.#hub;
    const { producing } = this.#roster;
    const times = [limits.nextAt(clock.now()), this.#lending.nextAt, producing.nextAt].filter((at) => at !== undefined);
    this.#ticking.comeAt(times.length > 0 ? Math.min(...times) : undefined);
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────

  #endIfOver(): void {
    const parked = this.#shutdown ? undefined : parkedError(this.#roster);
    if (parked) this.#fail(parked);
    if (!this.#roster.isOver) return;
    const exitCode = this.#ending.finished();
    if (exitCode !== undefined) this.#over(exitCode);
    else if (this.#shutdown) {
      const { hasForced } = this.#shutdown;
      this.#over(this.#ending.stopped({ hasForced, failure: this.#failure }));
    }
  }

  /** A stop waits until results are recorded, but not for space for new items: those are read again later. */
  #endDespiteFullDisk(): void {
    const { producing, consumers } = this.#roster;
    const { post } = producing;
    if (!consumers.all.every((consumer) => consumer.post.isOver)) return;
    if (!post.isOver) return post.child?.kill('there is no disk space for what it has sent');
    const { refusal } = this.#committing;
    // What is not recorded was not announced: it will be lent again, and the ledger asked.
    if (refusal) throw new MillraceError('SPOOL', refusal.message, { cause: refusal, exitCode: exitCodes.io });
  }

  #giveUpOn(left: readonly Who[]): void {
    this.#failure ??= stuckError(left);
    for (const { child } of this.#roster.posts) child?.abandon();
    this.#over(this.#failure.exitCode);
  }

  #fail(error: MillraceError): void {
    this.#failure ??= error;
    if (!this.#shutdown) this.stop(error.message);
  }

  /** The spool, or our knowledge of it, has failed: nothing more may be announced or written. */
  #failHard(error: unknown): void {
    if (this.#isOver) return;
    this.#spoolFailed = true;
    this.#failure =
      error instanceof MillraceError
        ? error
        : new MillraceError('BUG', `the queue's bookkeeping failed: ${String(error)}`, { cause: error });
    for (const { child } of this.#roster.posts) child?.kill('the spool has failed');
    this.#over(this.#failure.exitCode);
  }

  #over(exitCode: ExitCode): void {
    this.#isOver = true;
    this.#shutdown?.done();
    this.#ticking.stop();
    this.#cancelWatch();
    this.#committing.stop();
    this.#tending.stop();
    this.#changes.close();
    for (const post of this.#roster.posts) post.drain();
    this.#roster.producing.close();
    this.#roster.consumers.close();
    this.#reloading.close();
    this.#heldBack.close();
    this.#resolve({ exitCode, spoolFailed: this.#spoolFailed, error: this.#failure });
  }
}
