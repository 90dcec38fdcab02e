import { equalJitter } from '../../core/backoff.ts';
import type { Cancel } from '../../core/clock.ts';
import type { FromProducer, ToProducer } from '../../ipc/messages.ts';
import type { Admission } from './admission.ts';
import type { Child } from '../posts/child.ts';
import { lookAtFile, type FileLook } from './file-look.ts';
import type { Hub } from '../hub.ts';
import type { Post } from '../posts/post.ts';

/** Delays between two checks of the file. */
const backoff = { baseMs: 1000, capMs: 60_000 };

type HeldBackHub = Pick<Hub, 'clock' | 'random' | 'events' | 'settings' | 'pipeline' | 'touch'>;
type HeldPost = Pick<Post<never, never>, 'isHeldBack' | 'release'>;

export interface HeldBackOptions {
  admission: Admission;
  roster: { readonly posts: readonly HeldPost[] };
  startProducer: () => Child<FromProducer, ToProducer>;
}

/**
 * Posts whose process died and cannot be replaced, because the current pipeline file is unusable. The file is checked
 * again with a back-off; as soon as it is good, they start. If they still fail, they are held back again. None of this
 * counts as a crash.
 */
export class HeldBack {
  readonly #hub: HeldBackHub;
  readonly #options: HeldBackOptions;
  #looksInARow = 0;
  /** When the next check is due; undefined while none is planned. */
  #nextAt: number | undefined;
  #cancelTimer: Cancel = () => undefined;
  #look: FileLook | undefined;
  #reportedReason: string | undefined;

  constructor(hub: HeldBackHub, options: HeldBackOptions) {
    this.#hub = hub;
    this.#options = options;
  }

  /** When the file is checked next (monotonic); undefined if no post is held back. */
  get nextLookAt(): number | undefined {
    return this.#nextAt;
  }

  /** Advances a check that is in progress. Do not call it during a reload, which checks the file itself. */
  advance(): void {
    const held = this.#held;
    const { problem } = this.#options.admission;
    if (problem === undefined) {
      if (this.#looksInARow > 0) this.#hub.events.emit('file.usable', {});
      this.#reset();
      for (const post of held) post.release();
    } else if (held.length === 0) {
      this.#cancel();
    } else if (this.#nextAt === undefined && !this.#look) {
      this.#plan();
    }
  }

  /** Stops checking the file. */
  close(): void {
    this.#cancel();
  }

  get #held(): HeldPost[] {
    return this.#options.roster.posts.filter((post) => post.isHeldBack);
  }

  #plan(): void {
    const { clock, random } = this.#hub;
    this.#looksInARow += 1;
    const inMs = equalJitter(backoff, this.#looksInARow, random());
    this.#nextAt = clock.now() + inMs;
    this.#cancelTimer = clock.after(inMs, () => {
      this.#nextAt = undefined;
      void this.#lookAgain();
    });
  }

  async #lookAgain(): Promise<void> {
    const { admission, startProducer } = this.#options;
    const look = lookAtFile(this.#hub, startProducer);
    this.#look = look;
    const description = await look.description;
    if (this.#look !== look) return;
    this.#look = undefined;
    const seen = admission.judge(description);
    if (seen.status === 'admitted') for (const post of this.#held) post.release();
    else this.#refused(seen.reason);
    this.#hub.touch();
  }

  #refused(reason: string): void {
    this.#options.admission.refused(reason);
    if (reason === this.#reportedReason) return;
    this.#reportedReason = reason;
    this.#hub.events.emit('file.unusable', { reason });
  }

  #cancel(): void {
    this.#cancelTimer();
    this.#nextAt = undefined;
    this.#look?.cancel();
    this.#look = undefined;
  }

  #reset(): void {
    this.#cancel();
    this.#looksInARow = 0;
    this.#reportedReason = undefined;
  }
}
