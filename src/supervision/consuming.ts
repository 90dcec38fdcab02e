import { fullJitter } from '../core/backoff.ts';
import { describeError } from '../core/errors.ts';
import { Intervals } from '../core/intervals.ts';
import { frameToPayload } from '../frame/frame.ts';
import { handle, type Handlers } from '../ipc/handlers.ts';
import type { Failure, FromConsumer, ToConsumer } from '../ipc/messages.ts';
import type { Holding } from '../queue/lending.ts';
import type { Delivery, FailedItem } from '../queue/queue.ts';
import { childFailed } from './child-failed.ts';
import type { Child } from './child.ts';
import { beatMs, type Hub } from './hub.ts';
import { permitHandlers } from './permits.ts';
import { Post } from './post.ts';
import type { Suspects } from './suspects.ts';

type ConsumerChild = Child<FromConsumer, ToConsumer>;

/** How long an item waits for a dependency that its error does not give a time for. */
const dependencyBackoff = { baseMs: 10_000, capMs: 10_000 };

/** One consumer's side of the supervisor: what it is told and lent, and what becomes of what it says. */
export class Consuming {
  readonly post: Post<FromConsumer, ToConsumer>;
  readonly #hub: Hub;
  readonly #writersToFence: Suspects;
  readonly #handlers: Handlers<FromConsumer>;
  #writer = 0;
  #holding: Holding | undefined;
  /** Settles in the group; they are acknowledged after the commit. */
  #unacknowledged = 0;
  #byeIsDue = false;
  #sinkProblem: string | null = null;

  constructor(
    hub: Hub,
    options: { ordinal: number; spawn: () => ConsumerChild; writersToFence: Suspects; onChange: () => void },
  ) {
    this.#hub = hub;
    this.#writersToFence = options.writersToFence;
    const { clock, random, events, settings } = hub;
    this.post = new Post<FromConsumer, ToConsumer>({
      role: 'consumer',
      ordinal: options.ordinal,
      clock,
      random,
      events,
      restarts: settings.restarts,
      readyTimeoutMs: settings.readyTimeoutMs,
      spawn: options.spawn,
      onStart: (child) => this.#configure(child),
      onMessage: (message, payload) => handle(this.#handlers, message, payload),
      onGone: (_child, _exit, isExpected) => this.#gone(isExpected),
      onChange: options.onChange,
    });
    this.#handlers = this.#makeHandlers();
  }

  /** What it holds; undefined while nothing may be lent to it. */
  get holding(): Holding | undefined {
    return this.post.state === 'ready' ? this.#holding : undefined;
  }

  /** Who holds the permits that `grants` are for. */
  get holder(): number {
    return this.#writer;
  }

  /** Why its sink takes nothing now; null if it does. */
  get sinkProblem(): string | null {
    return this.#sinkProblem;
  }

  /** Lends it what the queue gave. */
  deliver({ frame, ...delivery }: Delivery): void {
    const { header, parts } = frameToPayload(frame);
    const writers = delivery.redelivered ? this.#writersToFence.list : [];
    this.post.child?.send({ type: 'deliver', ...delivery, writers, ...header }, parts);
  }

  /** The sentinel: no item will come any more. */
  end(): void {
    if (this.post.state === 'ready') this.post.child?.send({ type: 'end' });
    this.post.drain();
  }

  /** Tells it to finish what it has started and to give back the rest. */
  stop(): void {
    if (this.post.state === 'ready') this.post.child?.send({ type: 'stop' });
    else if (this.post.state === 'starting') this.post.child?.kill('stopped before it was ready');
    this.post.drain();
  }

  /** Tells it to abort what is still running. */
  abort(): void {
    this.post.child?.send({ type: 'abort' });
  }

  /** After a commit: what it made true is told. */
  afterCommit(): void {
    const child = this.post.child;
    if (!child) return;
    if (this.#unacknowledged > 0) child.send({ type: 'settled', count: this.#unacknowledged });
    this.#unacknowledged = 0;
    if (this.#byeIsDue) child.send({ type: 'bye' });
    this.#byeIsDue = false;
  }

  #configure(child: ConsumerChild): void {
    const { queue, settings, pipeline, writers, identify, childrenDieWithUs, events, generation } = this.#hub;
    const identity = child.who.pid === undefined ? undefined : identify(child.who.pid);
    if (!identity) return; // It has gone already; its exit is on its way.
    this.#writer = writers.register({ run: queue.run.run, role: 'consumer', ordinal: this.post.ordinal, ...identity });
    events.emit('child.started', { who: child.who, writer: this.#writer });
    child.send({
      type: 'configure',
      file: pipeline.file,
      name: pipeline.name,
      run: queue.run.run,
      writer: this.#writer,
      ordinal: this.post.ordinal,
      generation,
      concurrency: settings.concurrency,
      durability: settings.durability,
      itemTimeoutMs: settings.itemTimeoutMs,
      beatMs,
      diesWithSupervisor: childrenDieWithUs,
    });
  }

  /** Takes back items and permits of a process that has gone. */
  #gone(isExpected: boolean): number {
    const { queue, limits, clock, writers, pipeline, touch } = this.#hub;
    let lost = 0;
    if (this.#holding) lost = queue.lose(this.#holding, clock.now());
    this.#holding = undefined;
    this.#unacknowledged = 0;
    this.#byeIsDue = false;
    this.#sinkProblem = null;
    if (this.#writer > 0) {
      limits.releaseAll(clock.now(), this.#writer);
      const isClean = isExpected && lost === 0;
      writers.ended(this.#writer, { isClean });
      if (!isClean && pipeline.sinkIsTransactional) this.#writersToFence.add(this.#writer);
      this.#writer = 0;
    }
    touch();
    return lost;
  }

  #makeHandlers(): Handlers<FromConsumer> {
    const { post } = this;
    const { queue, events, clock, touch } = this.#hub;
    return {
      ...permitHandlers(this.#hub, { holder: () => this.#writer, send: (message) => post.child?.send(message) }),
      ready: () => {
        this.#holding = queue.addReceiver(this.#writer, this.#hub.settings.concurrency);
        post.ready();
        touch();
      },
      settle: ({ done, failed }) => {
        this.#settle(Intervals.fromFlat(done), failed);
        this.#unacknowledged += 1;
        touch();
      },
      released: ({ items }) => {
        const refused = this.#holding ? queue.release(this.#holding, Intervals.fromFlat(items), clock.now()) : 0;
        if (refused > 0) events.emit('settle.refused', { who: post.who, items: refused });
        touch();
      },
      fenced: ({ writers }) => this.#writersToFence.fenced(writers),
      sink: ({ reason }) => {
        this.#sinkProblem = reason;
        if (reason === null) events.emit('sink.up', { who: post.who });
        else events.emit('sink.down', { who: post.who, reason });
      },
      write: (_message, payload) => {
        const { child } = post;
        this.#hub.writeOut(payload, () => child?.send({ type: 'written', count: 1 }));
      },
      ended: () => {
        post.ended();
        this.#byeIsDue = true;
        touch();
      },
      beat: (beat) => post.beaten(beat),
      log: ({ level, message, fields }) => events.emit('child.log', { who: post.who, level, message, fields }),
      failed: ({ error, exitCode }) => childFailed(this.#hub, post, error, exitCode),
    };
  }

  #settle(done: Intervals, failed: readonly Failure[]): void {
    const { queue, events, clock } = this.#hub;
    const holding = this.#holding;
    const moment = { now: clock.now(), wall: clock.wall() };
    let refused = holding ? queue.settle(holding, done, moment.now) : done.size;
    for (const failure of failed) {
      const attempt = holding && queue.attemptOf(holding, failure.seq);
      if (!holding || attempt === undefined) {
        refused += 1;
        continue;
      }
      const fate = this.#fateOf(failure, attempt);
      queue.fail(holding, { seq: failure.seq, fate, error: failure.error }, moment);
      if (fate.kind === 'dead')
        events.emit('item.dead', { seq: failure.seq, attempts: attempt, reason: fate.reason, error: failure.error });
      else events.emit('item.retry', { seq: failure.seq, attempt, inMs: fate.delayMs, error: failure.error });
    }
    if (refused > 0) events.emit('settle.refused', { who: this.post.who, items: refused });
  }

  #fateOf({ verdict, error, afterMs }: Failure, attempt: number): FailedItem['fate'] {
    const { settings, random } = this.#hub;
    switch (verdict) {
      case 'dead':
        return { kind: 'dead', reason: describeError(error) };
      case 'later':
        return { kind: 'retry', usesAttempt: false, delayMs: afterMs ?? fullJitter(dependencyBackoff, 1, random()) };
      case 'retry': {
        if (attempt >= settings.attempts)
          return { kind: 'dead', reason: `failed ${attempt} times, the last time: ${describeError(error)}` };
        const backoff = { baseMs: settings.retryBaseMs, capMs: settings.retryCapMs };
        return { kind: 'retry', usesAttempt: true, delayMs: fullJitter(backoff, attempt, random()) };
      }
    }
  }
}
