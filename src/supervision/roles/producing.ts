import { ProtocolError } from '../../core/errors.ts';
import { frameFromPayload, type Frame, type FrameHeader } from '../../frame/frame.ts';
import type { Handlers } from '../../ipc/handlers.ts';
import type { ConfigureProducer, FromProducer, ToProducer } from '../../ipc/messages.ts';
import type { Loaded } from '../replacing/admission.ts';
import type { Child } from '../posts/child.ts';
import { commonHandlers } from './common-handlers.ts';
import { Enrolment } from './enrolment.ts';
import type { Extent } from '../posts/outbox.ts';
import { changedUnderneath, compareFingerprints, type Comparison } from '../replacing/fingerprint.ts';
import type { Hub } from '../hub.ts';
import { Post, type Gone } from '../posts/post.ts';
import { receive, unexpected } from './receiving.ts';
import { configureFor, type RoleDeps } from './role.ts';
import { SettledCursors } from './settled-cursors.ts';
import { WhenSpace } from './when-space.ts';

type ProducerChild = Child<FromProducer, ToProducer>;

/** The supervisor's side of the producer: what the producer is sent, and how its messages are handled. */
export class Producing {
  readonly post: Post<FromProducer, ToProducer>;
  readonly #hub: Hub;
  readonly #deps: RoleDeps;
  readonly #handlers: Handlers<FromProducer>;
  readonly #enrolment: Enrolment;
  #fingerprint: string;
  /** The request to the process on the post: a successor describes the pipeline before it is configured. */
  #stage: 'to be described' | 'to be configured' | 'configured' = 'to be described';
  /** This process described the pipeline before there was a queue: it need not do that again. */
  #described: ProducerChild | undefined;
  #isThrottled = false;
  readonly #previous: string | null;
  readonly #space: WhenSpace;
  /** Undefined if its source does not settle. */
  readonly #settled: SettledCursors | undefined;
  /** The source may forget the items that wait to be acknowledged. */
  #mustSync = false;

  constructor(
    hub: Hub,
    deps: RoleDeps,
    options: { fingerprint: string; settles?: boolean; previous?: string | null; spawn: () => ProducerChild },
  ) {
    this.#hub = hub;
    this.#deps = deps;
    this.#fingerprint = options.fingerprint;
    const settles = options.settles ?? false;
    this.#previous = options.previous ?? null;
    // A changed pipeline may have a source that does not settle.
    if (!settles) hub.queue.cursors.forget();
    this.post = new Post<FromProducer, ToProducer>(hub, {
      role: 'producer',
      ordinal: 0,
      spawn: options.spawn,
      onStart: (child) => this.#started(child),
      onMessage: (message, payload) => receive(hub, this.#handlers, message, payload),
      onGone: (_exit, isExpected) => this.#gone(isExpected),
      heldBack: () => deps.admission.heldBack,
    });
    this.#enrolment = new Enrolment(hub, deps, this.post);
    this.#space = new WhenSpace(hub.clock);
    this.#settled = settles ? new SettledCursors(hub, this.post, this.#space) : undefined;
    this.#handlers = this.#makeHandlers();
  }

  /** Starts reading, with a process that has already described the pipeline. */
  start(described: ProducerChild): void {
    this.#described = described;
    this.post.start(described);
  }

  /** Raises or lowers the producer's throttle. */
  throttle(on: boolean): void {
    if (on === this.#isThrottled) return;
    this.#isThrottled = on;
    this.post.child?.send({ type: 'throttle', on });
  }

  /** When time alone gives `committed` or `settle` something to do; undefined if only a change can. */
  get nextAt(): number | undefined {
    return this.#space.againAt;
  }

  /**
   * After a commit of this extent: sends the messages that waited for it. Items that the source may forget have to
   * survive a power loss first. On a full disk the source has to wait.
   */
  committed(extent: Extent): void {
    this.#space.begin();
    const { outbox } = this.post;
    if (extent === 'settlements' || !this.#mustSync) return outbox?.committed(extent);
    const isSynced = this.#space.attempt(() => {
      this.#hub.queue.sync();
      return true;
    });
    if (isSynced) this.#mustSync = false;
    outbox?.committed(isSynced ? 'all' : 'settlements');
  }

  /** After a commit: reports to a source with `settles` what is settled. */
  settle(): void {
    this.#settled?.report();
  }

  /** The service is over. */
  close(): void {
    this.#settled?.close();
  }

  /** The holder of the permits that `grants` are for. */
  get holder(): number {
    return this.#enrolment.writer;
  }

  #started(child: ProducerChild): void {
    if (this.#described === child) {
      this.#configureSoon(child);
    } else {
      this.#stage = 'to be described';
      child.send({ type: 'describe', file: this.#hub.pipeline.file });
      this.post.asked();
    }
  }

  /** `configure` depends on what is committed: the writer id, and the position of the source. */
  #configureSoon(child: ProducerChild): void {
    this.#stage = 'to be configured';
    this.#enrolment.enter(child, () => this.post.outbox?.put('all', () => this.#configure(child)));
  }

  #configure(child: ProducerChild): ConfigureProducer {
    this.#stage = 'configured';
    const { queue, settings, events } = this.#hub;
    events.emit('child.started', { who: child.who, writer: this.holder });
    this.post.asked();
    return {
      ...configureFor(this.#hub, this.#deps),
      position: queue.run.position,
      previous: this.#previous,
      isReopened: this.#deps.writers.hasPredecessor(this.holder),
      reads: queue.run.state === 'running',
      reportTimeoutMs: settings.itemTimeoutMs,
      throttled: this.#isThrottled,
      frameItems: settings.frameItems,
      frameBytes: settings.frameBytes,
      windowBytes: settings.producerWindowBytes,
      maxItemBytes: settings.maxItemBytes,
    };
  }

  /** Takes back what the process held. Nothing of the source is lost: its successor resumes after what is stored. */
  #gone(isExpected: boolean): Gone {
    this.#settled?.gone();
    this.#mustSync = false;
    this.#enrolment.close({ isClean: isExpected });
    this.#hub.touch();
    return { givenBack: 0, crash: { blame: this.post.lastError?.isOutside ? 'outside' : 'process' } };
  }

  #makeHandlers(): Handlers<FromProducer> {
    const { post } = this;
    const { queue, touch } = this.#hub;
    const expectReading = (type: string): void => {
      if (this.#stage !== 'configured') throw unexpected('producer', type, this.#stage);
      if (queue.run.state !== 'running') throw unexpected('producer', type, `reading for a ${queue.run.state} run`);
    };
    return {
      ...commonHandlers(this.#hub, {
        post,
        admission: this.#deps.admission,
        holder: () => this.holder,
        // By then everything it has sent is stored.
        byeRestsOn: 'all',
      }),
      described: (loaded) => {
        if (this.#stage !== 'to be described') throw unexpected('producer', 'described', this.#stage);
        this.#redescribed(loaded);
      },
      ready: () => {
        if (post.state === 'draining') return; // It has been asked to stop since then.
        if (this.#stage !== 'configured') throw unexpected('producer', 'ready', this.#stage);
        post.ready();
        touch();
        this.#deps.admission.proven();
      },
      frame: ({ position, isForgotten, ...header }, payload) => {
        expectReading('frame');
        queue.append(receivedFrame(header, payload), position);
        this.#keepCursor();
        this.#acknowledge(isForgotten);
        touch();
      },
      covered: ({ position, isForgotten }) => {
        expectReading('covered');
        queue.setRun({ position });
        this.#keepCursor();
        this.#acknowledge(isForgotten);
        touch();
      },
      confirmed: ({ id }) => {
        if (!this.#settled) throw unexpected('producer', 'confirmed', 'reading a source that does not settle');
        this.#settled.confirmed(id);
      },
      end: ({ position }) => {
        expectReading('end');
        queue.setRun({ state: 'sealed', position });
        this.#keepCursor();
        // Even if it dies now, the source does not have to be read again. But a source may want to hear what is settled.
        if (!this.#settled) post.drain();
        touch();
      },
    };
  }

  #keepCursor(): void {
    if (this.#settled) this.#hub.queue.keepCursor();
  }

  /** Acknowledges one more frame after the commit, together with those before it. */
  #acknowledge(isForgotten = false): void {
    this.#mustSync ||= isForgotten;
    this.post.outbox?.join('all', { type: 'stored', frames: 1 }, (last) =>
      last.type === 'stored' ? { ...last, frames: last.frames + 1 } : undefined,
    );
  }

  /** A successor has loaded the pipeline file again: it must still be the file of this run. */
  #redescribed(loaded: Loaded): void {
    const { post } = this;
    const { queue } = this.#hub;
    const { child } = post;
    if (!child || post.state !== 'starting') return;
    post.answered();
    let change: Comparison = { status: 'same' };
    const refusal = this.#deps.admission.admit(post.who, loaded, (pipeline) => {
      change = compareFingerprints(this.#fingerprint, pipeline, queue.run.position);
      return change.status === 'refused' ? { ...change, error: changedUnderneath() } : change;
    });
    if (refusal !== undefined) return child.kill(refusal);
    this.#resumeAs(loaded.pipeline!.fingerprint, change);
    this.#configureSoon(child);
  }

  #resumeAs(fingerprint: string, change: Comparison): void {
    if (change.status !== 'changed' && change.status !== 'declared') return;
    this.#hub.events.emit('warning', { code: 'PIPELINE_CHANGED', message: change.message });
    this.#hub.queue.setRun({ fingerprint });
    this.#fingerprint = fingerprint;
  }
}

function receivedFrame(header: FrameHeader, payload: Buffer): Frame {
  try {
    return frameFromPayload(header, payload);
  } catch (error) {
    throw new ProtocolError(`the producer sent an invalid frame: ${(error as Error).message}`, error);
  }
}
