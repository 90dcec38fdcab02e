/**
 * The supervisor at work: one queue, one producer, N consumers, and the tick that moves everything.
 *
 * What arrives within one turn of the event loop only changes what is *pending*. At the turn's end the tick commits
 * all of it in one transaction, and only then acts on it. Signals and fatal errors are just more things that arrive.
 */
import { configError, errorFromData, MillraceError } from '../../core/errors.ts';
import { exitCodes, type ExitCode } from '../../core/exit-codes.ts';
import type { Cancel, Moment } from '../../core/clock.ts';
import type { PipelineDescription, Problem } from '../../ipc/messages.ts';
import { nameOf, type Who } from '../../observability/events.ts';
import { createRate } from '../../observability/rate.ts';
import type { Status } from '../../observability/status.ts';
import { Aside } from '../../queue/blame/aside.ts';
import { dispatch, type Receiver } from '../../queue/lending/dispatch.ts';
import { recallUnstarted } from '../../queue/lending/recalling.ts';
import type { Queue } from '../../queue/queue.ts';
import { Throttle, type Marks } from '../../queue/throttle.ts';
import { Admission, type Loaded } from '../replacing/admission.ts';
import { Changes, serviceOver } from './changes.ts';
import { Committing, type Committed, type CommittingOptions } from './committing.ts';
import { Consumers } from '../roles/consumers.ts';
import type { Comparison } from '../replacing/fingerprint.ts';
import { HeldBack } from '../replacing/held-back.ts';
import { Granting } from './granting.ts';
import type { Hub } from '../hub.ts';
import { lendProbe, Outage } from '../blame/outage.ts';
import { Producing } from '../roles/producing.ts';
import { Pruning } from '../roles/pruning.ts';
import { Shutdown } from './shutdown.ts';
import { describeService } from './status.ts';
import type { Post } from '../posts/post.ts';
import type { Crew } from '../posts/crew.ts';
import type { Consuming } from '../roles/consuming.ts';
import { Recycling } from '../replacing/recycling.ts';
import { Reloading, type ReloadAnswer } from '../replacing/reloading.ts';
import { OtherQueues } from '../roles/other-queues.ts';
import { UnfencedWriters } from '../roles/unfenced-writers.ts';
import { SinglingOut } from '../blame/singling-out.ts';
import { Tending, type Storage } from './tending.ts';
import { watchForHangs } from '../posts/watch.ts';

/** How long to wait before a commit that found no room is tried again. */
const fullRetryMs = 500;
/** How long a post in back-off is expected to be ready soon. */
const soonMs = 1000;
/** How often it is looked whether a consumer is to be replaced. */
const recyclingMs = 1000;

export interface ServiceOptions extends Pick<CommittingOptions, 'reserve' | 'checkStore'> {
  hub: Omit<Hub, 'outage' | 'singlingOut' | 'admit' | 'proven' | 'heldBack' | 'touch' | 'record' | 'fail' | 'broken'>;
  marks: Marks;
  /** What the pipeline says of itself. */
  described: PipelineDescription;
  formatProblems: (problems: readonly Problem[]) => string;
  /** Consumers of predecessors that the sink does not bar yet. */
  unfencedWriters: readonly number[];
  oldRuns: string[];
  crew: Pick<Crew, 'describedProducer' | 'dismissProducer' | 'firstConsumer' | 'startProducer' | 'startConsumer'>;
  stateDirectory: string;
  storage: Storage;
}

/** How the service ended. The spool is the caller's to close. */
export interface Outcome {
  exitCode: ExitCode;
  /** The spool has failed: not another write to it. */
  spoolFailed: boolean;
  error: MillraceError | undefined;
}

export class Service {
  readonly #hub: Hub;
  readonly #options: ServiceOptions;
  readonly #committing: Committing;
  readonly #tending: Tending;
  readonly #changes = new Changes();
  readonly #granting: Granting;
  readonly #throttle: Throttle;
  readonly #producing: Producing;
  readonly #consumers: Consumers;
  readonly #recycling: Recycling;
  readonly #admission: Admission;
  readonly #heldBack: HeldBack;
  readonly #reloading: Reloading;
  readonly #pruning: Pruning;
  readonly #aside = new Aside();
  readonly #startedAt: number;
  #shutdown: Shutdown | undefined;
  #stopReason = '';
  #failure: MillraceError | undefined;
  #spoolFailed = false;
  /** Why nothing is lent; null if it is. */
  #pausedBy: string | null = null;
  /** Why the program, or the operator, has paused the service; null if nobody has. */
  #heldFor: string | null = null;
  #tickIsDue = false;
  /** When items were last lent; undefined while none are. */
  #lentAt: number | undefined;
  /** When the next probe of an outage can be made; undefined if that does not wait for time. */
  #probeAt: number | undefined;
  /** When to recall unstarted items next; undefined if no consumer is idle. */
  #recallAt: number | undefined;
  readonly #rate = createRate();
  readonly #doneBefore: number;
  #cancelWake: Cancel = () => undefined;
  #cancelWatch: Cancel = () => undefined;
  #resolve: (outcome: Outcome) => void = () => undefined;
  #isOver = false;
  /** It is committed that the source has ended, and was announced, perhaps by a predecessor. */
  #isSealed: boolean;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#hub = {
      ...options.hub,
      outage: new Outage(options.hub.settings),
      singlingOut: new SinglingOut(),
      admit: (...asked) => this.#admit(...asked),
      proven: () => this.#proven(),
      // A process that owes end work must do it now or never.
      heldBack: () => (this.#isOpen ? this.#admission.problem : undefined),
      touch: () => this.#touch(),
      record: (write) => {
        this.#committing.record(write);
        this.#touch();
      },
      fail: (error) => this.#fail(error),
      broken: (error) => this.#failHard(error),
    };
    this.#admission = new Admission({ ...options, ...options.hub });
    this.#committing = new Committing({ ...options, hub: this.#hub });
    this.#tending = new Tending(this.#hub, { storage: options.storage, ...this.#hub.settings });
    this.#throttle = new Throttle(options.marks);
    this.#startedAt = this.#hub.clock.now();
    this.#doneBefore = this.#hub.queue.run.done;
    this.#isSealed = this.#hub.queue.committedRun.state !== 'running';
    const onChange = (): void => this.#touch();
    const { crew } = options;
    this.#producing = new Producing(this.#hub, {
      fingerprint: options.described.fingerprint,
      spawn: () => crew.startProducer(),
      onChange,
    });
    const unfencedWriters = new UnfencedWriters(this.#hub, options.unfencedWriters);
    this.#consumers = new Consumers(this.#hub, {
      spawn: (ordinal) => crew.startConsumer(ordinal),
      unfencedWriters,
      otherQueues: new OtherQueues(this.#hub),
      onChange,
    });
    this.#granting = new Granting(this.#hub, () => this.#sides());
    this.#recycling = new Recycling(this.#hub, this.#consumers);
    const startProducer = (): ReturnType<typeof crew.startProducer> => crew.startProducer();
    this.#heldBack = new HeldBack(this.#hub, {
      admission: this.#admission,
      posts: () => this.#posts(),
      startProducer,
    });
    this.#reloading = new Reloading(this.#hub, {
      consumers: this.#consumers,
      admission: this.#admission,
      startProducer,
      onAccepted: () => this.#producing.post.release(),
    });
    this.#pruning = new Pruning(this.#hub, options.oldRuns);
  }

  /** Runs until the run is finished or the service has stopped. */
  run(): Promise<Outcome> {
    const { clock, settings } = this.#hub;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      // Unless it was stopped before.
      if (!this.#shutdown) this.#fillPosts();
      this.#committing.start();
      this.#tending.start();
      const watches = [watchForHangs(() => this.#posts(), { clock, ...settings })];
      if (this.#recycling.isWanted) watches.push(clock.every(recyclingMs, () => this.#recycle()));
      this.#cancelWatch = () => watches.forEach((cancel) => cancel());
      this.#touch();
    });
  }

  #fillPosts(): void {
    const { crew } = this.#options;
    // A sealed run has all its items: it needs no producer.
    if (this.#hub.queue.run.state === 'running') this.#producing.start(crew.describedProducer());
    else crew.dismissProducer();
    for (const { post } of this.#consumers.current) post.start(crew.firstConsumer(post.ordinal));
  }

  /** Stops in order; said again, it hurries. The queue keeps what is not done. */
  stop(reason: string): void {
    if (this.#isOver || this.#shutdown?.isHurried) return;
    const { events, clock, settings, queue } = this.#hub;
    events.emit('run.stopping', { reason, hurry: this.#shutdown !== undefined, lent: queue.stats.lent });
    this.#stopReason = reason;
    if (this.#shutdown) {
      this.#shutdown.hurry();
    } else {
      this.#reloading.close();
      this.#heldBack.close();
      this.#shutdown = new Shutdown({
        clock,
        stopTimeoutMs: settings.stopTimeoutMs,
        limits: this.#hub.limits,
        producing: this.#producing,
        consumers: this.#consumers.all,
        onAbort: () => events.emit('run.aborting', { running: queue.stats.lent }),
        onGivenUp: (who) => this.#giveUpOn(who),
      });
    }
    this.#touch();
  }

  /** Lends nothing more and makes the producer wait, until `resume`. What is lent is finished. */
  pause(reason: string): void {
    this.#heldFor = reason;
    this.#touch();
  }

  resume(): void {
    this.#heldFor = null;
    this.#touch();
  }

  #recycle(): void {
    if (this.#isOpen && !this.#shutdown && !this.#reloading.isUnderWay) this.#recycling.look();
  }

  get #isOpen(): boolean {
    const { state } = this.#hub.queue.run;
    return state === 'running' || state === 'sealed';
  }

  #admit(who: Who, loaded: Loaded, compare?: (pipeline: PipelineDescription) => Comparison): string | undefined {
    const seen = this.#admission.examine(loaded, compare);
    if (seen.status === 'admitted') {
      // The producer compares versions and reports changes itself.
      if (!compare) this.#admission.noteCode(who, seen.pipeline.code);
      return undefined;
    }
    // Working processes continue. If there are none, this start cannot succeed.
    if (this.#consumers.current.some(({ hasBeenReady }) => hasBeenReady)) this.#admission.refused(seen.reason);
    else this.#fail(configError(seen.isBroken ? 'PIPELINE' : 'PIPELINE_CHANGED', seen.reason));
    return seen.reason;
  }

  #proven(): void {
    if (this.#admission.problem === undefined) return;
    this.#admission.accepted();
    this.#touch();
  }

  /** Replaces the consumers by ones with the file's new code, one by one, if the run can go on with it. */
  reload(): ReloadAnswer {
    return this.#reloading.begin();
  }

  /** Does `work`, an operator's, on the queue; resolves to what it returns when that is durable. */
  async change<T>(work: (queue: Queue, moment: Moment) => T): Promise<T> {
    if (this.#isOver) throw serviceOver();
    const { queue, clock } = this.#hub;
    const result = work(queue, clock.moment());
    if (queue.isDirty) {
      this.#touch();
      await this.#changes.committed();
    }
    return result;
  }

  get status(): Status {
    return describeService({
      hub: this.#hub,
      throttle: this.#throttle,
      producing: this.#producing,
      consumers: this.#consumers.all,
      setAside: this.#aside.holding,
      reload: this.#reloading.status,
      stop: this.#shutdown && { reason: this.#stopReason, ...this.#shutdown.deadlines },
      fileProblem: this.#admission.problem,
      nextLookAt: this.#heldBack.nextLookAt,
      isFull: this.#committing.isFull,
      low: this.#tending.low,
      pausedBy: this.#pausedBy,
      startedAt: this.#startedAt,
      perSecond: this.#rate.perSecond(this.#hub.clock.now()),
      doneBefore: this.#doneBefore,
      stateDirectory: this.#options.stateDirectory,
    });
  }

  /** The supervisor's side of every post on which something may be under way. */
  #sides(): (Producing | Consuming)[] {
    return [this.#producing, ...this.#consumers.all];
  }

  #posts(): (Producing['post'] | Consuming['post'])[] {
    return this.#sides().map(({ post }) => post);
  }

  #touch(): void {
    if (this.#tickIsDue || this.#isOver) return;
    this.#tickIsDue = true;
    this.#hub.clock.soon(() => {
      this.#tickIsDue = false;
      this.#tick();
    });
  }

  // ── the tick ───────────────────────────────────────────────────────────────────────────────────────────────────

  #tick(): void {
    if (this.#isOver) return;
    try {
      this.#granting.advance();
      if (!this.#shutdown) {
        this.#consumers.advance();
        this.#reloading.advance();
        if (!this.#reloading.isUnderWay) this.#heldBack.advance();
      }
      this.#advanceRun();
      const committed = this.#commit();
      if (committed === 'nothing') return;
      this.#act(committed);
      this.#giveUpIfParked();
      this.#endIfOver();
      if (!this.#committing.isFull) this.#wakeLater();
    } catch (error) {
      this.#failHard(error);
    }
  }

  /** A sealed run with nothing open is finishing; one whose consumers have all ended, or been given up, is finished. */
  #advanceRun(): void {
    const { queue, clock } = this.#hub;
    if (queue.run.state === 'sealed' && queue.isEmpty) queue.setRun({ state: 'finishing' });
    const hasAnyEnded = this.#consumers.current.some(({ post }) => post.state === 'stopped');
    if (queue.run.state === 'finishing' && !this.#shutdown && this.#hasEnded() && hasAnyEnded) {
      const exitCode = queue.run.dead > 0 ? exitCodes.deadLetters : exitCodes.ok;
      queue.setRun({ state: 'finished', finishedAt: clock.wall(), exitCode });
    }
  }

  #commit(): Committed {
    const committed = this.#committing.commit();
    const { refusal } = this.#committing;
    if (committed === 'all') this.#changes.afterCommit();
    else this.#changes.delayed(refusal?.message ?? 'what was kept back is not there again yet');
    if (!this.#committing.isFull) return committed;
    if (this.#shutdown) this.#endDespiteFullDisk();
    // It has sent what finds no room; more would not either.
    this.#producing.throttle(true);
    this.#wakeAt(this.#hub.clock.now() + fullRetryMs);
    return committed;
  }

  /** A stop waits for results to be recorded, but not for room for new items: those are read again. */
  #endDespiteFullDisk(): void {
    const { post } = this.#producing;
    if (!this.#consumers.all.every((consumer) => consumer.post.isOver)) return;
    if (!post.isOver) return post.child?.kill('there is no room for what it has sent');
    const { refusal } = this.#committing;
    // What is not recorded was told to nobody: it is lent, and asked for, again.
    if (refusal) throw new MillraceError('SPOOL', refusal.message, { cause: refusal, exitCode: exitCodes.io });
  }

  /** Tells everybody what the commit has made true. */
  #act(committed: Exclude<Committed, 'nothing'>): void {
    for (const { post } of this.#consumers.all) post.outbox?.committed(committed);
    this.#rate.see(this.#hub.clock.now(), this.#hub.queue.run.done);
    this.#announceSealed();
    if (this.#hub.queue.committedRun.state === 'finishing') {
      this.#consumers.cancelReplacement();
      this.#pruning.atTheEnd(this.#consumers.all);
      for (const consumer of this.#consumers.all) consumer.end();
    }
    this.#lentAt = undefined;
    this.#probeAt = undefined;
    this.#recallAt = undefined;
    if (this.#shutdown) this.#shutdown.advance();
    else this.#lend();
    this.#pruning.afterCommit(this.#consumers.all);
    // Last: consumers wait for what is lent, and the producer has its window to go on with. The throttle before it is told
    // that it may send more, and, if it is new, where to begin.
    this.#updateThrottle();
    this.#producing.post.outbox?.committed(committed);
    this.#granting.told();
  }

  #lend(): void {
    const { queue, settings, clock } = this.#hub;
    const moment = clock.moment();
    if (this.#pauseIfNeeded()) {
      this.#probe(moment);
    } else {
      const soon = this.#consumers.current.filter(({ post }) => isSoonReady(post, moment.now)).length;
      const options = { creditBytes: settings.consumerCreditBytes, moment, soon };
      const receivers = this.#aside.lend(queue, this.#receivers(), options);
      dispatch(queue, receivers, options);
      const isAllLent = queue.available(moment) === 0 && queue.availableMarked === 0;
      if (isAllLent) this.#recallAt = recallUnstarted(receivers, moment.now);
      this.#lentAt = moment.now;
    }
    // Some are lent only after the next commit.
    if (queue.isDirty) this.#touch();
  }

  /** Pauses while there is a reason to; goes on by itself when there is none. */
  #pauseIfNeeded(): boolean {
    const { queue, events } = this.#hub;
    const wasPaused = this.#pausedBy !== null;
    this.#pausedBy = queue.isEmpty && this.#heldFor === null ? null : this.#reasonToPause();
    const isPaused = this.#pausedBy !== null;
    if (this.#pausedBy !== null && !wasPaused) events.emit('run.paused', { reason: this.#pausedBy });
    if (!isPaused && wasPaused) events.emit('run.unpaused', {});
    return isPaused;
  }

  /** Beyond `deadMax` dead letters something is wrong with more than single items: the rest is not to follow them. */
  get #hasTooManyDead(): boolean {
    const { queue, settings } = this.#hub;
    return queue.run.dead >= settings.deadMax;
  }

  #probe(moment: Moment): void {
    const { queue, outage, random } = this.#hub;
    if (this.#heldFor !== null || this.#hasTooManyDead || !outage.isOn) return;
    if (moment.now < outage.probeAt) {
      this.#probeAt = outage.probeAt;
      return;
    }
    const order = { triedLast: outage.triesUntried };
    if (lendProbe(queue, this.#receivers(), order, moment)) outage.probed(moment.now, random());
    this.#lentAt = moment.now;
  }

  #reasonToPause(): string | null {
    const { queue, outage } = this.#hub;
    if (this.#heldFor !== null) return this.#heldFor;
    if (!this.#hasTooManyDead) return outage.reason ?? this.#sinkOutage();
    return `as many dead letters as deadMax allows (${queue.run.dead}); mend the cause, and give them back (millrace dead retry) or delete them (millrace dead purge)`;
  }

  #sinkOutage(): string | null {
    const problem = this.#consumers.sinkProblem;
    return problem === null ? null : `no consumer can write to the sink (${problem}); they try again until one can`;
  }

  #receivers(): Receiver[] {
    const receivers: Receiver[] = [];
    for (const consumer of this.#consumers.all) {
      const { holding } = consumer;
      if (!holding) continue;
      receivers.push({
        holding,
        deliver: (delivery) => consumer.deliver(delivery),
        recall: (items) => consumer.recall(items),
      });
    }
    return receivers;
  }

  #announceSealed(): void {
    const { queue, events } = this.#hub;
    const { run, stored, state } = queue.committedRun;
    if (this.#isSealed || state === 'running') return;
    this.#isSealed = true;
    events.emit('run.sealed', { run, items: stored });
  }

  #updateThrottle(): void {
    const { queue, events } = this.#hub;
    const { queued, lent, retrying, bytes } = queue.stats;
    const items = queued + lent + retrying;
    const change = this.#throttle.update(items, bytes);
    if (change === 'raised') events.emit('throttle.raised', { items, bytes });
    if (change === 'lowered') events.emit('throttle.lowered', { items, bytes });
    const hasToWait = this.#throttle.isOn || this.#committing.isFull || this.#tending.low !== undefined;
    this.#producing.throttle(hasToWait || this.#heldFor !== null);
  }

  #wakeLater(): void {
    const { limits, queue, clock } = this.#hub;
    const now = clock.now();
    const due = queue.nextDue({ now, wall: clock.wall() });
    // A retry that was due and was not lent waits for room, not for time.
    const retryAt = due !== undefined && this.#lentAt !== undefined && due > this.#lentAt ? due : undefined;
    const times = [limits.nextAt(now), retryAt, this.#probeAt, this.#recallAt].filter((at) => at !== undefined);
    if (times.length > 0) this.#wakeAt(Math.min(...times));
    else this.#cancelWake();
  }

  #wakeAt(at: number): void {
    this.#cancelWake();
    if (this.#isOver) return;
    this.#cancelWake = this.#hub.clock.after(Math.max(at - this.#hub.clock.now(), 1), () => this.#touch());
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────

  #hasEnded(): boolean {
    return this.#sides().every(({ post }) => post.isOver);
  }

  #giveUpIfParked(): void {
    if (this.#shutdown) return;
    const parked = this.#producing.post.state === 'parked' ? this.#producing : undefined;
    const allParked = this.#consumers.current.every(({ post }) => post.state === 'parked');
    const post = parked?.post ?? (allParked ? this.#consumers.current[0]?.post : undefined);
    if (!post) return;
    const who = post.role === 'producer' ? 'the producer' : 'every consumer';
    this.#fail(
      new MillraceError(
        'GAVE_UP',
        `${who} crashed too often (last: ${post.lastExit}). The queue is intact: mend the cause and start again.`,
        { exitCode: exitCodes.gaveUp, cause: post.lastError && errorFromData(post.lastError.error) },
      ),
    );
  }

  #endIfOver(): void {
    const { queue, events, clock } = this.#hub;
    if (!this.#hasEnded()) return;
    const { run, stored, done, dead, state, exitCode, startedAt } = queue.committedRun;
    if (state === 'finished') {
      const seconds = (clock.wall() - startedAt) / 1000;
      events.emit('run.finished', { run, items: stored, done, dead, seconds, exitCode: exitCode ?? 0 });
      this.#over((exitCode ?? exitCodes.ok) as ExitCode);
    } else if (this.#shutdown) {
      const { queued, lent, retrying } = queue.stats;
      const aborted = this.#consumers.all.reduce((sum, consumer) => sum + consumer.aborted, 0);
      const isForced = this.#shutdown.hasForced || aborted > 0;
      const code = this.#failure?.exitCode ?? (isForced ? exitCodes.forced : exitCodes.ok);
      events.emit('run.stopped', { open: queued + lent + retrying, aborted, exitCode: code });
      this.#over(code);
    }
  }

  /** They stay on record as not ended: the next supervisor on this queue looks for them before it begins. */
  #giveUpOn(left: readonly Who[]): void {
    const names = left.map((who) => `${nameOf(who)} (process ${who.pid})`).join(', ');
    this.#failure ??= new MillraceError(
      'STUCK',
      `${names} was killed but does not go: it hangs in the operating system, often in a disk or a network file system. ` +
        'The queue is intact. Nothing can start on it before that process has gone.',
      { exitCode: exitCodes.forced },
    );
    for (const { post } of this.#sides()) post.child?.abandon();
    this.#over(this.#failure.exitCode);
  }

  #fail(error: MillraceError): void {
    this.#failure ??= error;
    if (!this.#shutdown) this.stop(error.message);
  }

  /** The spool, or what we know of it, has failed: nobody may be told anything more, and nothing may be written. */
  #failHard(error: unknown): void {
    if (this.#isOver) return;
    this.#spoolFailed = true;
    this.#failure =
      error instanceof MillraceError
        ? error
        : new MillraceError('BUG', `the queue's bookkeeping failed: ${String(error)}`, { cause: error });
    for (const { post } of this.#sides()) post.child?.kill('the spool has failed');
    this.#over(this.#failure.exitCode);
  }

  #over(exitCode: ExitCode): void {
    this.#isOver = true;
    this.#shutdown?.done();
    this.#cancelWake();
    this.#cancelWatch();
    this.#committing.stop();
    this.#tending.stop();
    this.#changes.close();
    for (const { post } of this.#sides()) post.drain();
    this.#consumers.close();
    this.#reloading.close();
    this.#heldBack.close();
    this.#resolve({ exitCode, spoolFailed: this.#spoolFailed, error: this.#failure });
  }
}

/** Whether a process of this post is about to be ready, as far as can be known. */
function isSoonReady({ state, since }: Pick<Post<unknown, unknown>, 'state' | 'since'>, now: number): boolean {
  return state === 'starting' || (state === 'backoff' && now - since < soonMs);
}
