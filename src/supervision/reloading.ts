import { isDeepStrictEqual } from 'node:util';
import type { FromProducer, PipelineDescription, Problem, ToProducer } from '../ipc/messages.ts';
import type { ReloadStatus } from '../observability/status.ts';
import type { Child } from './child.ts';
import type { Consumers } from './consumers.ts';
import { describePipeline, type Description } from './describe.ts';
import { compareForReload } from './fingerprint.ts';
import type { Hub } from './hub.ts';

/** Whether a reload has been begun; what becomes of it is in the status. */
export type ReloadAnswer = { status: 'begun'; number: number } | { status: 'refused'; reason: string };

export interface ReloadingOptions {
  consumers: Consumers;
  /** What the pipeline was when the service started. */
  described: PipelineDescription;
  startProducer: () => Child<FromProducer, ToProducer>;
  formatProblems: (problems: readonly Problem[]) => string;
  /** The file is in order: whoever waited for that may start. */
  onAccepted: () => void;
}

/**
 * Brings new code into a running pipeline: a process that lives only for that says what is in the file now; if a run can
 * go on with it, the consumers are replaced one by one. The first successor that does not get ready ends it, and those
 * that have not been replaced stay as they are. The producer is not replaced: see `compareForReload`.
 */
export class Reloading {
  readonly #hub: Hub;
  readonly #options: ReloadingOptions;
  #status: ReloadStatus | null = null;
  /** Ordinals to be replaced yet. */
  #left: number[] = [];
  #describer: Child<FromProducer, ToProducer> | undefined;
  #isClosed = false;

  constructor(hub: Hub, options: ReloadingOptions) {
    this.#hub = hub;
    this.#options = options;
  }

  /** The last reload; null if there was none. */
  get status(): ReloadStatus | null {
    return this.#status;
  }

  get isUnderWay(): boolean {
    return this.#status?.state === 'describing' || this.#status?.state === 'replacing';
  }

  /** Why a process that dies is not replaced: the file is not the one that it ran, and is no good. */
  get heldBack(): string | undefined {
    // Whoever has work to do at the end of the run does it with whatever code there is.
    if (this.#status?.state !== 'refused' || !this.#isOpen) return undefined;
    return this.#status.reason ?? undefined;
  }

  begin(): ReloadAnswer {
    const { events, settings } = this.#hub;
    if (this.#isClosed) return { status: 'refused', reason: 'the pipeline is stopping' };
    if (!this.#isOpen) return { status: 'refused', reason: 'the run is at its end: nobody needs new code' };
    if (this.isUnderWay) return { status: 'refused', reason: 'a reload is under way' };
    const number = (this.#status?.number ?? 0) + 1;
    this.#status = { number, state: 'describing', replaced: 0, of: settings.consumers, reason: null };
    events.emit('reload.started', { number });
    void this.#describe();
    return { status: 'begun', number };
  }

  /** Goes on with what is under way. */
  advance(): void {
    if (this.#status?.state !== 'replacing' || this.#options.consumers.isReplacing) return;
    if (!this.#isOpen) return this.#refuse('the run came to its end');
    const ordinal = this.#left.shift();
    if (ordinal === undefined) {
      this.#status = { ...this.#status, state: 'done' };
      this.#hub.events.emit('reload.done', { number: this.#status.number, consumers: this.#status.replaced });
      return;
    }
    this.#options.consumers.replace(ordinal, (replaced) => {
      if (this.#status?.state !== 'replacing') return;
      if (replaced.status === 'done') this.#status = { ...this.#status, replaced: this.#status.replaced + 1 };
      else this.#refuse(`the new consumer ${ordinal} did not get ready: ${replaced.reason}`);
      this.#hub.touch();
    });
  }

  /** The service stops: nothing is to be replaced any more. */
  close(): void {
    this.#isClosed = true;
    this.#describer?.kill('not needed any more');
    if (this.isUnderWay) this.#refuse('the pipeline is stopping');
  }

  get #isOpen(): boolean {
    const { state } = this.#hub.queue.run;
    return state === 'running' || state === 'sealed';
  }

  async #describe(): Promise<void> {
    const { settings, clock, pipeline } = this.#hub;
    const describer = this.#options.startProducer();
    this.#describer = describer;
    const description = await describePipeline(describer, {
      file: pipeline.file,
      clock,
      deadlineMs: settings.readyTimeoutMs,
      onOther: () => undefined,
    });
    describer.kill('it has said what is in the file');
    this.#describer = undefined;
    if (!this.#isClosed) this.#described(description);
  }

  #described(description: Description): void {
    const { described, formatProblems, onAccepted } = this.#options;
    if (description.status === 'wrong') return this.#refuse(formatProblems(description.problems));
    if (description.status === 'failed') return this.#refuse(description.reason);
    const { pipeline } = description;
    const changed = fixed.filter((name) => !isDeepStrictEqual(pipeline[name], described[name]));
    if (changed.length > 0) {
      return this.#refuse(
        `its ${changed.join(' and its ')} changed, which are read at a start: stop it and start it again`,
      );
    }
    const comparison = compareForReload(this.#hub.queue.run, pipeline);
    if (comparison.status === 'refused') return this.#refuse(comparison.error.message);
    if (comparison.status !== 'same')
      this.#hub.events.emit('warning', { code: 'PIPELINE_CHANGED', message: comparison.message });
    this.#status = { ...this.#status!, state: 'replacing' };
    this.#left = this.#options.consumers.current.map(({ post }) => post.ordinal);
    onAccepted();
    this.#hub.touch();
  }

  #refuse(reason: string): void {
    const status: ReloadStatus = { ...this.#status!, state: 'refused', reason };
    this.#status = status;
    this.#hub.events.emit('reload.refused', {
      number: status.number,
      replaced: status.replaced,
      of: status.of,
      reason,
    });
    this.#hub.touch();
  }
}

/** What of a pipeline holds for as long as its supervisor runs. */
const fixed = ['name', 'limits', 'options', 'deterministic', 'sink'] as const satisfies (keyof PipelineDescription)[];
