import { Intervals } from '../../core/intervals.ts';
import { frameToPayload } from '../../frame/frame.ts';
import type { Handlers } from '../../ipc/handlers.ts';
import type { ConfigureConsumer, Failure, FromConsumer, Settle, ToConsumer } from '../../ipc/messages.ts';
import { Holding } from '../../queue/lending/holding.ts';
import type { FailedAttempt, Fate } from '../../queue/fate.ts';
import type { Delivery } from '../../queue/lending/delivery.ts';
import { blameFor } from '../blame/blaming.ts';
import type { Child, Exit } from '../posts/child.ts';
import { commonHandlers } from './common-handlers.ts';
import { Enrolment } from './enrolment.ts';
import { fateOf } from '../blame/fate.ts';
import { beatMs, type Hub } from '../hub.ts';
import { Post, type Gone } from '../posts/post.ts';
import { receive, unexpected } from './receiving.ts';
import type { OtherQueues } from './other-queues.ts';
import type { UnfencedWriters } from './unfenced-writers.ts';

type ConsumerChild = Child<FromConsumer, ToConsumer>;

/** Longest pause of a consumer between two attempts to reach its sink. */
const longestSinkPauseMs = 30_000;

/** One consumer's side of the supervisor: what it is told and lent, and what becomes of what it says. */
export class Consuming {
  readonly post: Post<FromConsumer, ToConsumer>;
  readonly #hub: Hub;
  readonly #unfencedWriters: UnfencedWriters;
  readonly #otherQueues: OtherQueues;
  readonly #handlers: Handlers<FromConsumer>;
  readonly #enrolment: Enrolment;
  #holding: Holding | undefined;
  #sinkProblem: string | null = null;
  #aborted = 0;

  #processed = 0;
  #hasBeenReady = false;
  /** The process on the post has not yet reported what it has loaded. */
  #isDescribing = false;

  constructor(
    hub: Hub,
    options: {
      ordinal: number;
      spawn: () => ConsumerChild;
      /** Whose place it is to take. */
      predecessor?: Post<FromConsumer, ToConsumer> | undefined;
      unfencedWriters: UnfencedWriters;
      otherQueues: OtherQueues;
      onChange: () => void;
    },
  ) {
    this.#hub = hub;
    this.#unfencedWriters = options.unfencedWriters;
    this.#otherQueues = options.otherQueues;
    this.post = new Post<FromConsumer, ToConsumer>(hub, {
      role: 'consumer',
      ordinal: options.ordinal,
      spawn: options.spawn,
      predecessor: options.predecessor,
      onStart: (child) => {
        this.#processed = 0;
        this.#isDescribing = true;
        this.post.asked();
        child.send({ type: 'describe', file: hub.pipeline.file });
      },
      onMessage: (message, payload) => receive(hub, this.#handlers, message, payload),
      onGone: (exit, isExpected) => this.#gone(exit, isExpected),
      onChange: options.onChange,
    });
    this.#enrolment = new Enrolment(hub, this.post);
    this.#handlers = this.#makeHandlers();
  }

  /** What it holds; undefined while nothing may be lent to it. */
  get holding(): Holding | undefined {
    return this.post.state === 'ready' ? this.#holding : undefined;
  }

  /** Items that it holds, also while it finishes them and nothing more may be lent to it. */
  get lent(): number {
    return this.#holding?.count ?? 0;
  }

  /** Who holds the permits that `grants` are for. */
  get holder(): number {
    return this.#enrolment.writer;
  }

  /** Why its sink takes nothing now; null if it does. */
  get sinkProblem(): string | null {
    return this.#sinkProblem;
  }

  /** Items that it had started and not settled when it went although it was told to end or to stop. */
  get aborted(): number {
    return this.#aborted;
  }

  /** Any of its processes has been ready: the pipeline works, or did. */
  get hasBeenReady(): boolean {
    return this.#hasBeenReady;
  }

  /** Items that the process on the post has said something of. */
  get processed(): number {
    return this.#processed;
  }

  /** Lends it what the queue gave. */
  deliver({ frame, ...delivery }: Delivery): void {
    const { header, parts } = frameToPayload(frame);
    const writers = delivery.history === 'first' ? [] : this.#unfencedWriters.list;
    this.post.child?.send({ type: 'deliver', ...delivery, writers, ...header }, parts);
  }

  /** Asks it to give back up to this many items that it has not started. They stay its own until it answers. */
  recall(items: number): void {
    this.#holding?.recalled();
    this.post.child?.send({ type: 'recall', items });
  }

  /**
   * The sentinel: no item will come any more. May be said again and again: whoever is starting hears it when it is
   * ready, and so does the successor of one that went before it had ended. No other process is needed any more.
   */
  end(): void {
    const { state, child, owesEnd } = this.post;
    if (state === 'ready') {
      child?.send({ type: 'end' });
      this.post.end();
    } else if ((state === 'backoff' && !owesEnd) || state === 'parked') {
      this.post.drain();
    }
  }

  /** Makes it give back items that only wait for permits of these limits, or for longer than `ms`. */
  withdraw(limits: string[], ms: number): void {
    if (this.post.state === 'draining') this.post.child?.send({ type: 'withdraw', limits, ms });
  }

  /** Tells it to abort what is still running. */
  abort(): void {
    this.post.child?.send({ type: 'abort' });
  }

  #configure(child: ConsumerChild): ConfigureConsumer {
    const { queue, settings, pipeline, childrenDieWithUs, events, start } = this.#hub;
    const { writer } = this.#enrolment;
    events.emit('child.started', { who: child.who, writer });
    this.post.asked();
    return {
      type: 'configure',
      name: pipeline.name,
      run: queue.run.run,
      writer,
      ordinal: this.post.ordinal,
      start,
      concurrency: settings.concurrency,
      itemTimeoutMs: settings.itemTimeoutMs,
      abortGraceMs: settings.abortGraceMs,
      sinkIsKnown: queue.run.done > queue.run.doneElsewhere,
      sinkTimeoutMs: settings.sinkTimeoutMs,
      sinkOpenTimeoutMs: Math.min(settings.sinkTimeoutMs, settings.readyTimeoutMs / 2),
      redact: settings.redact,
      beatMs,
      diesWithSupervisor: childrenDieWithUs,
    };
  }

  /** Takes back items and permits of a process that has gone. */
  #gone(exit: Exit, isExpected: boolean): Gone {
    const { pipeline, limits, touch } = this.#hub;
    const { who, lastError } = this.post;
    const holding = this.#holding ?? new Holding(0);
    const gone = blameFor(this.#hub, { who, holding, exit, isExpected, error: lastError });
    // `setup` may wait for a limit that the vendor has frozen for an hour: then the failed start is not its own fault.
    if (this.post.state === 'starting' && limits.isWaiting(this.holder)) gone.crash.blame = 'outside';
    if (this.post.state === 'draining') this.#aborted += gone.released;
    this.#holding = undefined;
    this.#sinkProblem = null;
    const isClean = isExpected && gone.released === 0;
    const writer = this.#enrolment.close({ isClean });
    if (writer > 0 && !isClean && pipeline.sinkHasLedger) this.#unfencedWriters.add(writer);
    touch();
    return gone;
  }

  #makeHandlers(): Handlers<FromConsumer> {
    const { post } = this;
    const { queue, events, clock, touch } = this.#hub;
    return {
      ...commonHandlers(this.#hub, {
        post,
        holder: () => this.holder,
        // What it has sent is settled.
        byeRestsOn: 'settlements',
      }),
      described: (loaded) => {
        if (!this.#isDescribing) throw unexpected('consumer', 'described', post.state);
        this.#isDescribing = false;
        const { child } = post;
        if (!child || post.state !== 'starting') return;
        post.answered();
        const refusal = this.#hub.admit(post.who, loaded);
        if (refusal !== undefined) return child.kill(refusal);
        // `configure` rests on the writer id that the process then has.
        this.#enrolment.enter(child, () => post.outbox?.put('settlements', () => this.#configure(child)));
      },
      ready: () => {
        if (post.state === 'draining') return; // It has been told to stop since.
        if (post.state !== 'starting') throw unexpected('consumer', 'ready', post.state);
        if (this.holder === 0) throw unexpected('consumer', 'ready', 'not configured');
        this.#holding = new Holding(this.#hub.settings.concurrency);
        post.ready();
        this.#hasBeenReady = true;
        this.#hub.proven();
        touch();
      },
      settle: (settle) => {
        this.#holding?.sizing.idle(settle.idle);
        this.#holding?.sizing.paced(settle);
        this.#settle(settle);
        post.outbox?.put('settlements', { type: 'settled' });
        touch();
      },
      start: ({ items }) => {
        const holding = this.#holding;
        let refused = 0;
        for (const [from, to] of Intervals.fromFlat(items)) refused += holding?.announce(from, to) ?? to - from + 1;
        if (refused > 0) events.emit('settle.refused', { who: post.who, items: refused });
      },
      released: ({ items }) => {
        this.#holding?.answered(items.length);
        const refused = this.#holding ? queue.release(this.#holding, Intervals.fromFlat(items), clock.now()) : 0;
        if (refused > 0) events.emit('settle.refused', { who: post.who, items: refused });
        touch();
      },
      fenced: ({ writers }) => this.#unfencedWriters.fenced(writers),
      otherQueues: ({ others }) => this.#otherQueues.found(others),
      sink: ({ reason }) => {
        // One that is out when a consumer opens it is waited for, however long: with each attempt it has its time again.
        post.asked(reason === null ? 0 : longestSinkPauseMs + this.#hub.settings.sinkTimeoutMs);
        if (reason === this.#sinkProblem) return;
        this.#sinkProblem = reason;
        if (reason === null) events.emit('sink.up', { who: post.who });
        else events.emit('sink.down', { who: post.who, reason });
        touch();
      },
      write: (_message, payload) => {
        const { child } = post;
        this.#hub.writeOut(payload, () => child?.send({ type: 'written' }));
      },
    };
  }

  #settle({ done: flat, failed, ...uses }: Settle): void {
    const { queue, events, clock, outage, singlingOut } = this.#hub;
    const done = Intervals.fromFlat(flat);
    const holding = this.#holding;
    const moment = clock.moment();
    const lentAt = holding?.lentAt(done) ?? moment.now;
    this.#processed += done.size + failed.length;
    let refused = holding ? queue.settle(holding, done, moment.now) : done.size;
    if (refused < done.size) {
      outage.succeeded();
      singlingOut.done(lentAt, done, uses);
    }
    for (const failure of failed) {
      const outcome =
        holding && queue.fail(holding, failure.seq, moment, (attempt) => this.#fate(failure, attempt, moment.now));
      if (outcome) this.#settledAsFailed(failure, outcome, moment.now);
      else refused += 1;
    }
    if (refused > 0) events.emit('settle.refused', { who: this.post.who, items: refused });
  }

  #fate(failure: Failure, attempt: FailedAttempt, now: number): Fate {
    const { seq, verdict } = failure;
    if (verdict !== 'absent') return fateOf(this.#hub, failure, attempt, now);
    if (attempt.mode !== 'askOnly') throw unexpected('consumer', `absence of ${seq}`, 'not asked for it');
    // The item did not run, and so did not fail again: its error is that it killed its consumers.
    const error = attempt.errorBefore() ?? { code: 'KILLED_CONSUMER', message: 'killed its consumer' };
    return fateOf(this.#hub, { ...failure, error }, attempt, now);
  }

  #settledAsFailed({ seq, verdict }: Failure, { attempt, fate }: { attempt: number; fate: Fate }, now: number): void {
    const { events, outage, singlingOut } = this.#hub;
    const { error } = fate;
    if (verdict === 'retry' || verdict === 'later') outage.failed(now, error);
    if (fate.kind === 'dead') {
      singlingOut.forget(seq);
      events.emit('item.dead', { seq, attempts: attempt, reason: fate.reason, error });
    } else {
      events.emit('item.retry', { seq, attempt, inMs: fate.delayMs, error });
    }
  }
}
