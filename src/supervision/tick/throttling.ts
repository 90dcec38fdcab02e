import { Throttle, type Marks } from '../../queue/throttle.ts';
import type { Hub } from '../hub.ts';
import type { Producing } from '../roles/producing.ts';

/** The most bytes for which a commit waits. They are held in memory, and newer V8s collect them late. */
const mostWaitingBytes = 512 * 1024;

/** Pauses the producer while the queue is at its high-water mark, or for another reason, such as too little disk space. */
export class Throttling {
  readonly #hub: Pick<Hub, 'queue' | 'events'>;
  readonly #throttle: Throttle;
  readonly #producing: Pick<Producing, 'throttle'>;
  /** The queue's bytes after the last commit. */
  #committedBytes = 0;

  constructor(hub: Pick<Hub, 'queue' | 'events'>, options: { marks: Marks; producing: Pick<Producing, 'throttle'> }) {
    this.#hub = hub;
    this.#throttle = new Throttle(options.marks);
    this.#producing = options.producing;
  }

  /** The queue reached its high-water mark and is not yet back at its low-water mark. */
  get isOn(): boolean {
    return this.#throttle.isOn;
  }

  /**
   * A commit may wait for more items: with those that it has, the queue is below both high-water marks, and they are not
   * many bytes.
   */
  get hasSpace(): boolean {
    const { open, bytes } = this.#hub.queue.stats;
    if (this.isOn || this.#throttle.isReached(open, bytes)) return false;
    return bytes - this.#committedBytes < mostWaitingBytes;
  }

  get marks(): Marks {
    return this.#throttle.marks;
  }

  /** Called after each commit. `hasToWait`: the producer has to wait for a reason other than the queue's size. */
  update({ hasToWait }: { hasToWait: boolean }): void {
    const { queue, events } = this.#hub;
    const { open: items, bytes } = queue.stats;
    this.#committedBytes = bytes;
    const change = this.#throttle.update(items, bytes);
    if (change === 'raised') events.emit('throttle.raised', { items, bytes });
    if (change === 'lowered') events.emit('throttle.lowered', { items, bytes });
    this.#producing.throttle(this.#throttle.isOn || hasToWait);
  }
}
