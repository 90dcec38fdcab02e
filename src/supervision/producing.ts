import { ProtocolError } from '../core/errors.ts';
import { frameFromPayload, type Frame, type FrameHeader } from '../frame/frame.ts';
import { handle, type Handlers } from '../ipc/handlers.ts';
import type { FromProducer, PipelineDescription, Problem, ToProducer } from '../ipc/messages.ts';
import { childFailed } from './child-failed.ts';
import type { Child } from './child.ts';
import { compareFingerprints } from './fingerprint.ts';
import { beatMs, type Hub } from './hub.ts';
import { permitHandlers } from './permits.ts';
import { Post } from './post.ts';

type ProducerChild = Child<FromProducer, ToProducer>;

/** The producer's side of the supervisor: what the producer is told, and what becomes of what it says. */
export class Producing {
  readonly post: Post<FromProducer, ToProducer>;
  readonly #hub: Hub;
  readonly #fingerprint: string;
  readonly #handlers: Handlers<FromProducer>;
  #writer = 0;
  /** Described before there was a queue: it needs no second description. */
  #described: ProducerChild | undefined;
  /** Waits for `configure`, which must rest on what is committed. */
  #toConfigure: ProducerChild | undefined;
  /** Frames in the group; what they need is told after the commit. */
  #unacknowledged = 0;
  #toldThrottled = false;
  #hasSealed = false;
  #byeIsDue = false;

  constructor(hub: Hub, options: { fingerprint: string; spawn: () => ProducerChild; onChange: () => void }) {
    this.#hub = hub;
    this.#fingerprint = options.fingerprint;
    const { clock, random, events, settings } = hub;
    this.post = new Post<FromProducer, ToProducer>({
      role: 'producer',
      ordinal: 0,
      clock,
      random,
      events,
      restarts: settings.restarts,
      readyTimeoutMs: settings.readyTimeoutMs,
      spawn: options.spawn,
      onStart: (child) => this.#started(child),
      onMessage: (message, payload) => handle(this.#handlers, message, payload),
      onGone: (_child, _exit, isExpected) => this.#gone(isExpected),
      onChange: options.onChange,
    });
    this.#handlers = this.#makeHandlers();
  }

  /** Starts reading, with a process that has described the pipeline already. */
  start(described: ProducerChild): void {
    this.#described = described;
    this.post.start(described);
  }

  /** Tells the producer to stop where it is. */
  stop(): void {
    if (this.post.state === 'ready') this.post.child?.send({ type: 'stop' });
    else this.post.child?.kill('stopped before it was ready');
    this.post.drain();
  }

  /** After a commit: what it made true is told. */
  afterCommit(): void {
    const child = this.post.child;
    if (!child) return;
    if (this.#toConfigure === child) this.#configure(child);
    if (this.#unacknowledged > 0) child.send({ type: 'stored', frames: this.#unacknowledged });
    this.#unacknowledged = 0;
    if (this.#hasSealed) {
      this.#hasSealed = false;
      this.#hub.events.emit('run.sealed', { run: this.#hub.queue.run.run, items: this.#hub.queue.run.stored });
      this.post.drain();
    }
    if (this.#byeIsDue) {
      this.#byeIsDue = false;
      child.send({ type: 'bye' });
    }
  }

  /** Raises or lowers the producer's flag. */
  throttle(on: boolean): void {
    if (on === this.#toldThrottled) return;
    this.#toldThrottled = on;
    this.post.child?.send({ type: 'throttle', on });
  }

  /** Who holds the permits that `grants` are for. */
  get holder(): number {
    return this.#writer;
  }

  #started(child: ProducerChild): void {
    if (this.#described === child) this.#configureSoon(child);
    else child.send({ type: 'describe', file: this.#hub.pipeline.file });
  }

  #configureSoon(child: ProducerChild): void {
    this.#toConfigure = child;
    this.#hub.touch();
  }

  #configure(child: ProducerChild): void {
    this.#toConfigure = undefined;
    const { queue, settings, pipeline, writers, identify, childrenDieWithUs, events } = this.#hub;
    const identity = child.who.pid === undefined ? undefined : identify(child.who.pid);
    if (!identity) return; // It has gone already; its exit is on its way.
    this.#writer = writers.register({ run: queue.run.run, role: 'producer', ordinal: 0, ...identity });
    events.emit('child.started', { who: child.who, writer: this.#writer });
    child.send({
      type: 'configure',
      name: pipeline.name,
      run: queue.run.run,
      position: queue.run.position,
      throttled: this.#toldThrottled,
      frameItems: settings.frameItems,
      frameBytes: settings.frameBytes,
      windowBytes: settings.producerWindowBytes,
      maxItemBytes: settings.maxItemBytes,
      beatMs,
      diesWithSupervisor: childrenDieWithUs,
    });
  }

  /** Takes back what the process held. Nothing of the source is lost: its successor goes on after what is stored. */
  #gone(isExpected: boolean): number {
    const { limits, clock, writers } = this.#hub;
    this.#toConfigure = undefined;
    this.#unacknowledged = 0;
    this.#byeIsDue = false;
    if (this.#writer > 0) {
      limits.releaseAll(clock.now(), this.#writer);
      writers.ended(this.#writer, { isClean: isExpected });
      this.#writer = 0;
    }
    this.#hub.touch();
    return 0;
  }

  #makeHandlers(): Handlers<FromProducer> {
    const { post } = this;
    const { queue, events, touch } = this.#hub;
    return {
      ...permitHandlers(this.#hub, { holder: () => this.#writer, send: (message) => post.child?.send(message) }),
      described: ({ pipeline, problems }) => this.#redescribed(pipeline, problems),
      ready: () => post.ready(),
      frame: ({ position, ...header }, payload) => {
        if (queue.run.state !== 'running')
          throw new ProtocolError(`the producer sent items to a run that is ${queue.run.state}`);
        queue.append(receivedFrame(header, payload), position);
        this.#unacknowledged += 1;
        touch();
      },
      end: ({ position }) => {
        queue.setRun({ state: 'sealed', position });
        this.#hasSealed = true;
        touch();
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

  /** A successor has loaded the pipeline file again: it must still be the one that this run is of. */
  #redescribed(pipeline: PipelineDescription | null, problems: Problem[]): void {
    const child = this.post.child;
    if (!child) return;
    if (!pipeline || problems.length > 0) {
      child.kill(`the pipeline file is wrong now: ${problems[0]?.message ?? 'it describes nothing'}`);
      return;
    }
    const change = compareFingerprints(this.#fingerprint, pipeline.fingerprint, this.#hub.queue.run.position);
    if (change.status === 'refused') return this.#hub.fail(change.error);
    if (change.status === 'changed')
      this.#hub.events.emit('warning', { code: 'PIPELINE_CHANGED', message: change.message });
    this.#configureSoon(child);
  }
}

function receivedFrame(header: FrameHeader, payload: Buffer): Frame {
  try {
    return frameFromPayload(header, payload);
  } catch (error) {
    throw new ProtocolError(`the producer sent a frame that is none: ${(error as Error).message}`, error);
  }
}
