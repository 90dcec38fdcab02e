import type { FromProducer, ToProducer } from '../../ipc/messages.ts';
import type { ReloadStatus } from '../../observability/status.ts';
import { isOpen } from '../../queue/store.ts';
import type { Admission } from './admission.ts';
import type { Child } from '../posts/child.ts';
import type { Consumers } from '../roles/consumers.ts';
import type { Description } from '../posts/describe.ts';
import { lookAtFile, type FileLook } from './file-look.ts';
import { compareForReload } from './fingerprint.ts';
import type { Hub } from '../hub.ts';

/** Whether a reload has started; its progress is in the status. */
export type ReloadAnswer = { status: 'begun'; number: number } | { status: 'refused'; reason: string };

export interface ReloadingOptions {
  consumers: Consumers;
  admission: Admission;
  startProducer: () => Child<FromProducer, ToProducer>;
  /** The file is good: a producer that was held back may start. Consumers are replaced anyway. */
  onAccepted: () => void;
}

/**
 * Brings new code into a running pipeline. A short-lived process reports the current contents of the file. If a run can
 * resume with it, the consumers are replaced one by one. The first replacement that does not become ready ends the
 * reload, and consumers that have not been replaced continue. The producer is not replaced: see `compareForReload`.
 */
export class Reloading {
  readonly #hub: Hub;
  readonly #options: ReloadingOptions;
  #status: ReloadStatus | null = null;
  /** Ordinals that still have to be replaced. */
  #left: number[] = [];
  #look: FileLook | undefined;
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

  begin(): ReloadAnswer {
    const { events, settings } = this.#hub;
    if (this.#isClosed) return { status: 'refused', reason: 'the pipeline is stopping' };
    if (!this.#isOpen) return { status: 'refused', reason: 'the run is ending and needs no new code' };
    if (this.isUnderWay) return { status: 'refused', reason: 'another reload is in progress' };
    const number = (this.#status?.number ?? 0) + 1;
    this.#status = { number, state: 'describing', replaced: 0, of: settings.consumers, reason: null };
    events.emit('reload.started', { number });
    void this.#describe();
    return { status: 'begun', number };
  }

  /** Continues a reload in progress. */
  advance(): void {
    if (this.#status?.state !== 'replacing' || this.#options.consumers.isReplacing) return;
    if (!this.#isOpen) return this.#refuse('the run ended');
    const ordinal = this.#left.shift();
    if (ordinal === undefined) {
      this.#status = { ...this.#status, state: 'done' };
      this.#hub.events.emit('reload.done', { number: this.#status.number, consumers: this.#status.replaced });
      return;
    }
    this.#options.consumers.replace(ordinal, (replaced) => {
      if (this.#status?.state !== 'replacing') return;
      if (replaced.status === 'done') this.#status = { ...this.#status, replaced: this.#status.replaced + 1 };
      else if (replaced.status === 'cancelled') this.#refuse('the run ended');
      else this.#refuse(`the new consumer ${ordinal} did not become ready: ${replaced.reason}`);
      this.#hub.touch();
    });
  }

  /** The service stops: no more replacements. */
  close(): void {
    this.#isClosed = true;
    this.#look?.cancel();
    if (this.isUnderWay) this.#refuse('the pipeline is stopping');
  }

  get #isOpen(): boolean {
    return isOpen(this.#hub.queue.run);
  }

  async #describe(): Promise<void> {
    const look = lookAtFile(this.#hub, this.#options.startProducer);
    this.#look = look;
    const description = await look.description;
    this.#look = undefined;
    if (!this.#isClosed) this.#described(description);
  }

  #described(description: Description): void {
    const { admission, onAccepted } = this.#options;
    const seen = admission.judge(description);
    if (seen.status === 'refused') return this.#refuse(seen.reason);
    const comparison = compareForReload(this.#hub.queue.run, seen.pipeline);
    if (comparison.status === 'changed')
      this.#hub.events.emit('warning', { code: 'PIPELINE_CHANGED', message: comparison.message });
    admission.accepted();
    admission.expectCode(seen.pipeline.code);
    this.#status = { ...this.#status!, state: 'replacing' };
    this.#left = this.#options.consumers.current.map(({ post }) => post.ordinal);
    onAccepted();
    this.#hub.touch();
  }

  #refuse(reason: string): void {
    const status: ReloadStatus = { ...this.#status!, state: 'refused', reason };
    this.#status = status;
    this.#options.admission.refused(reason);
    this.#hub.events.emit('reload.refused', {
      number: status.number,
      replaced: status.replaced,
      of: status.of,
      reason,
    });
    this.#hub.touch();
  }
}
