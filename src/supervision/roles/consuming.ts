import type { QueueStart } from '../../core/queue-start.ts';
import { frameToPayload } from '../../frame/frame.ts';
import type { Handlers } from '../../ipc/handlers.ts';
import type { ConfigureConsumer, FromConsumer, ToConsumer } from '../../ipc/messages.ts';
import type { Holding } from '../../queue/lending/holding.ts';
import type { Delivery } from '../../queue/lending/delivery.ts';
import { blameFor } from '../blame/blaming.ts';
import type { Child, Exit } from '../posts/child.ts';
import { commonHandlers } from './common-handlers.ts';
import { Enrolment } from './enrolment.ts';
import { HeldItems } from './held-items.ts';
import type { Outage } from '../blame/outage.ts';
import type { SinglingOut } from '../blame/singling-out.ts';
import type { Hub } from '../hub.ts';
import { Post, type Gone } from '../posts/post.ts';
import { receive, unexpected } from './receiving.ts';
import type { OtherQueues } from './other-queues.ts';
import { configureFor, type RoleDeps } from './role.ts';
import type { UnfencedWriters } from './unfenced-writers.ts';

type ConsumerChild = Child<FromConsumer, ToConsumer>;

/** Longest pause of a consumer between two attempts to reach its sink. */
const longestSinkPauseMs = 30_000;

export interface ConsumerDeps extends RoleDeps {
  /** Lets the sink detect whether it knows a later state of the queue. */
  readonly start: QueueStart;
  readonly outage: Outage;
  readonly singlingOut: SinglingOut;
  readonly unfencedWriters: UnfencedWriters;
  readonly otherQueues: OtherQueues;
  /** Hands bytes to the supervisor's standard output; `done` is called when they are with the operating system. */
  readonly writeOut: (bytes: Buffer, done: () => void) => void;
}

/** The supervisor's side of one consumer: what it is sent and lent, and how its messages are handled. */
export class Consuming {
  readonly post: Post<FromConsumer, ToConsumer>;
  readonly #hub: Hub;
  readonly #deps: ConsumerDeps;
  readonly #handlers: Handlers<FromConsumer>;
  readonly #enrolment: Enrolment;
  readonly #finishes: boolean;
  readonly #held: HeldItems;
  #sinkProblem: string | null = null;
  #aborted = 0;
  #hasBeenReady = false;
  /** The process on the post has not yet said what it has loaded. */
  #isDescribing = false;

  constructor(
    hub: Hub,
    deps: ConsumerDeps,
    options: {
      ordinal: number;
      spawn: () => ConsumerChild;
      /** The consumer that it replaces when it is ready. */
      predecessor?: Post<FromConsumer, ToConsumer> | undefined;
      /** It gets no items, but finishes the sinks at the end of the run. */
      finishes?: boolean;
    },
  ) {
    this.#hub = hub;
    this.#deps = deps;
    this.#finishes = options.finishes ?? false;
    this.post = new Post<FromConsumer, ToConsumer>(hub, {
      role: 'consumer',
      ordinal: options.ordinal,
      spawn: options.spawn,
      predecessor: options.predecessor,
      mustEnd: this.#finishes,
      onStart: (child) => {
        this.#held.reset();
        this.#isDescribing = true;
        this.post.asked();
        child.send({ type: 'describe', file: hub.pipeline.file });
      },
      onMessage: (message, payload) => receive(hub, this.#handlers, message, payload),
      onGone: (exit, isExpected) => this.#gone(exit, isExpected),
      heldBack: () => deps.admission.heldBack,
    });
    this.#enrolment = new Enrolment(hub, deps, this.post);
    this.#held = new HeldItems(hub, deps, () => this.post.who);
    this.#handlers = this.#makeHandlers();
  }

  /** What it holds; undefined while nothing may be lent to it. */
  get holding(): Holding | undefined {
    return this.post.state === 'ready' ? this.#held.holding : undefined;
  }

  /** Items that it holds, including while it finishes them and may be lent no more. */
  get lent(): number {
    return this.#held.holding?.count ?? 0;
  }

  /** The holder of the permits that `grants` are for. */
  get holder(): number {
    return this.#enrolment.writer;
  }

  /** Why its sink accepts nothing now; null if it does. */
  get sinkProblem(): string | null {
    return this.#sinkProblem;
  }

  /** Items that it had started and not settled when it went after it was asked to end or to stop. */
  get aborted(): number {
    return this.#aborted;
  }

  /** One of its processes has been ready: the pipeline works, or did. */
  get hasBeenReady(): boolean {
    return this.#hasBeenReady;
  }

  /** Items whose outcome the process on the post has reported. */
  get processed(): number {
    return this.#held.processed;
  }

  /** Lends it items from the queue. */
  deliver({ frame, ...delivery }: Delivery): void {
    const { header, parts } = frameToPayload(frame);
    const writers = delivery.history === 'first' ? [] : this.#deps.unfencedWriters.list;
    this.post.child?.send({ type: 'deliver', ...delivery, writers, ...header }, parts);
  }

  /** Asks it to give back up to this many items that it has not started. It keeps them until it answers. */
  recall(items: number): void {
    this.#held.holding?.recalled();
    this.post.child?.send({ type: 'recall', items });
  }

  /** The sentinel: no more items will come. Flush, tear down, then `ended`. */
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

  /** Asks it to abort items that are still running. */
  abort(): void {
    this.post.child?.send({ type: 'abort' });
  }

  #configure(child: ConsumerChild): ConfigureConsumer {
    const { queue, settings, events } = this.#hub;
    const { start } = this.#deps;
    const { writer } = this.#enrolment;
    events.emit('child.started', { who: child.who, writer });
    this.post.asked();
    return {
      ...configureFor(this.#hub, this.#deps),
      writer,
      ordinal: this.post.ordinal,
      start,
      concurrency: settings.concurrency,
      itemTimeoutMs: settings.itemTimeoutMs,
      abortGraceMs: settings.abortGraceMs,
      sinkIsKnown: queue.run.done > queue.run.doneElsewhere,
      sinkTimeoutMs: settings.sinkTimeoutMs,
      sinkOpenTimeoutMs: Math.min(settings.sinkTimeoutMs, settings.readyTimeoutMs / 2),
      ...(this.#finishes && { finish: queue.sinkParts }),
    };
  }

  /** Takes back items and permits of a process that has gone. */
  #gone(exit: Exit, isExpected: boolean): Gone {
    const { pipeline, limits, touch } = this.#hub;
    const { who, lastError } = this.post;
    const holding = this.#held.all;
    // `setup` may wait for a limit that the vendor has frozen for an hour: then the failed start is not its own fault.
    const isWaiting = this.post.state === 'starting' && limits.isWaiting(this.holder);
    const isOutside = isWaiting || lastError?.isOutside === true;
    const gone = blameFor(this.#hub, { who, holding, exit, isExpected, error: lastError, isOutside });
    if (this.post.state === 'draining') this.#aborted += gone.givenBack;
    this.#held.end();
    this.#sinkProblem = null;
    const isClean = isExpected && gone.givenBack === 0;
    const writer = this.#enrolment.close({ isClean });
    if (writer > 0 && !isClean && pipeline.sinkHasLedger) this.#deps.unfencedWriters.add(writer);
    touch();
    return gone;
  }

  #makeHandlers(): Handlers<FromConsumer> {
    const { post } = this;
    const { events, touch } = this.#hub;
    const { admission, unfencedWriters, otherQueues, writeOut } = this.#deps;
    return {
      ...commonHandlers(this.#hub, {
        post,
        admission,
        holder: () => this.holder,
        // By then everything it has sent is settled.
        byeRestsOn: 'settlements',
      }),
      described: (loaded) => {
        if (!this.#isDescribing) throw unexpected('consumer', 'described', post.state);
        this.#isDescribing = false;
        const { child } = post;
        if (!child || post.state !== 'starting') return;
        post.answered();
        const refusal = admission.admit(post.who, loaded);
        if (refusal !== undefined) return child.kill(refusal);
        // `configure` rests on the writer id that the process then has.
        this.#enrolment.enter(child, () => post.outbox?.put('settlements', () => this.#configure(child)));
      },
      ready: () => {
        if (post.state === 'draining') return; // It has been asked to stop since then.
        if (post.state !== 'starting') throw unexpected('consumer', 'ready', post.state);
        if (this.holder === 0) throw unexpected('consumer', 'ready', 'not configured');
        this.#held.begin();
        post.ready();
        this.#hasBeenReady = true;
        admission.proven();
        // It is already stopping. From now on its time limit applies.
        if (this.#finishes) post.end();
        touch();
      },
      settle: (message) => {
        this.#held.settled(message, this.holder);
        post.outbox?.put('settlements', { type: 'settled' });
      },
      start: (message) => this.#held.announced(message),
      givenBack: (message) => this.#held.givenBack(message),
      fenced: ({ writers }) => unfencedWriters.fenced(writers),
      otherQueues: ({ others }) => otherQueues.found(others),
      sink: ({ reason }) => {
        // If the sink is down when a consumer opens it, the consumer waits as long as it takes: its time starts again
        // with each attempt.
        post.asked(reason === null ? 0 : longestSinkPauseMs + this.#hub.settings.sinkTimeoutMs);
        if (reason === this.#sinkProblem) return;
        this.#sinkProblem = reason;
        if (reason === null) events.emit('sink.up', { who: post.who });
        else events.emit('sink.down', { who: post.who, reason });
        touch();
      },
      results: (message, payload) => this.#held.arrived(message, payload),
      write: (_message, payload) => {
        const { child } = post;
        writeOut(payload, () => child?.send({ type: 'written' }));
      },
    };
  }
}
