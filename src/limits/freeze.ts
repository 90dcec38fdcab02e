import { doubled, type Backoff } from '../core/backoff.ts';

const silence: Backoff = { baseMs: 1000, capMs: 300_000 };

/**
 * Whether a vendor has asked for silence, and until when.
 *
 * If it does not say for how long, silence lasts 1 s. It doubles, up to 5 min, with each further refusal, unless a call that
 * was granted after the last silence has succeeded. So one item that is always refused, among others that succeed, never
 * costs more than a second at a time. Silence also starts over at 1 s once the vendor names a time. Refusals of calls that
 * were in progress when silence began do not count: ten calls refused together are one refusal.
 */
export class Freeze {
  #until = -Infinity;
  /** When the previous silence ended. */
  #untilBefore = -Infinity;
  #spanMs = 0;
  #doublings = 0;

  get until(): number {
    return this.#until;
  }

  /** The intended duration of the freeze that ends at `until`. */
  get spanMs(): number {
    return this.#spanMs;
  }

  isOn(now: number): boolean {
    return now < this.#until;
  }

  /** Milliseconds left. */
  leftMs(now: number): number {
    return Math.max(0, this.#until - now);
  }

  /** Starts or extends a freeze; never shortens it. Without a time (null): backs off. Returns the milliseconds left. */
  begin(now: number, ms: number | null): number {
    if (ms !== null) {
      this.#doublings = 0;
      if (now + ms > this.#until) this.#set(now, ms);
    } else if (!this.isOn(now)) {
      this.#doublings++;
      this.#set(now, doubled(silence, this.#doublings));
    }
    return this.leftMs(now);
  }

  /** A call that was granted at `grantedAt` was accepted by the vendor and is over. */
  callSucceeded(now: number, grantedAt: number): void {
    if (grantedAt >= (this.isOn(now) ? this.#untilBefore : this.#until)) this.#doublings = 0;
  }

  #set(now: number, ms: number): void {
    if (!this.isOn(now)) this.#untilBefore = this.#until;
    this.#until = now + ms;
    this.#spanMs = ms;
  }
}
