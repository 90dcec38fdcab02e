import { HandClock } from './hand-clock.ts';

/** Time that passes as soon as anything waits for it, after `onWait` has been called. */
export class ImpatientClock extends HandClock {
  onWait = (): void => {};
  waits = 0;

  override after(ms: number, fn: () => void): () => void {
    this.waits++;
    this.onWait();
    const cancel = super.after(ms, fn);
    queueMicrotask(() => this.turn(ms));
    return cancel;
  }
}
