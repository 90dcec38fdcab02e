import { Throttle, type Marks } from '../../queue/throttle.ts';
import type { Hub } from '../hub.ts';
import type { Producing } from '../roles/producing.ts';

/** Pauses the producer while the queue is at its high-water mark, or for another reason, such as too little disk space. */
export class Throttling {
  readonly #hub: Pick<Hub, 'queue' | 'events'>;
  readonly #throttle: Throttle;
  readonly #producing: Pick<Producing, 'throttle'>;

  constructor(hub: Pick<Hub, 'queue' | 'events'>, options: { marks: Marks; producing: Pick<Producing, 'throttle'> }) {
    this.#hub = hub;
    this.#throttle = new Throttle(options.marks);
    this.#producing = options.producing;
  }

  /** The queue reached its high-water mark and is not yet back at its low-water mark. */
  get isOn(): boolean {
    return this.#throttle.isOn;
  }

  /** The queue is below both high-water marks, with what will be committed next. */
  get hasSpace(): boolean {
    const { open, bytes } = this.#hub.queue.stats;
    return !this.isOn && !this.#throttle.isReached(open, bytes);
  }

  get marks(): Marks {
    return this.#throttle.marks;
  }

  /** Called after each commit. `hasToWait`: the producer has to wait for a reason other than the queue's size. */
  update({ hasToWait }: { hasToWait: boolean }): void {
    const { queue, events } = this.#hub;
    const { open: items, bytes } = queue.stats;
    const change = this.#throttle.update(items, bytes);
    if (change === 'raised') events.emit('throttle.raised', { items, bytes });
    if (change === 'lowered') events.emit('throttle.lowered', { items, bytes });
    this.#producing.throttle(this.#throttle.isOn || hasToWait);
  }
}
