import type { Cancel } from '../../core/clock.ts';
import { formatDuration } from '../../core/units.ts';
import type { FromConsumer, ToConsumer } from '../../ipc/messages.ts';
import type { Child } from '../posts/child.ts';
import { Consuming, type ConsumerDeps } from './consuming.ts';
import type { Hub } from '../hub.ts';

/** The result of a consumer's replacement. */
export type Replaced = { status: 'done' } | { status: 'failed'; reason: string } | { status: 'cancelled' };

/** A candidate that is not ready yet; or a process that has taken over while its predecessor finishes what it began. */
type Replacement = { place: number; onOver: (replaced: Replaced) => void } & (
  | { stage: 'candidate'; candidate: Consuming; isCancelled?: true }
  | { stage: 'handing over'; predecessor: Consuming; cancelDeadline: Cancel }
);

/**
 * The consumers: one for each ordinal and, for a moment while one of them is replaced, one more. The candidate is ready
 * before its predecessor is asked to stop, so no slot is empty in between. A candidate that never becomes ready changes
 * nothing. Only one consumer is replaced at a time.
 */
export class Consumers {
  readonly #hub: Hub;
  readonly #deps: ConsumerDeps;
  readonly #spawn: (ordinal: number) => Child<FromConsumer, ToConsumer>;
  readonly #current: Consuming[];
  #replacement: Replacement | undefined;

  constructor(hub: Hub, deps: ConsumerDeps, spawn: (ordinal: number) => Child<FromConsumer, ToConsumer>) {
    this.#hub = hub;
    this.#deps = deps;
    this.#spawn = spawn;
    this.#current = Array.from({ length: hub.settings.consumers }, (_, i) => this.#make(i + 1));
  }

  /** One for each ordinal, in their order. */
  get current(): readonly Consuming[] {
    return this.#current;
  }

  /** All consumers that may have work: one for each ordinal, and the other side of a replacement. */
  get all(): readonly Consuming[] {
    const other = this.#replacement && otherOf(this.#replacement);
    return other ? [...this.#current, other] : this.#current;
  }

  /** Why no consumer can write to the sink; null if any working consumer can, or none has reported anything. */
  get sinkProblem(): string | null {
    const asked = this.all.filter(({ post, sinkProblem }) => post.state === 'ready' || sinkProblem !== null);
    return asked.every(({ sinkProblem }) => sinkProblem !== null) ? (asked[0]?.sinkProblem ?? null) : null;
  }

  get isReplacing(): boolean {
    return this.#replacement !== undefined;
  }

  /** Starts a candidate for this ordinal. Do not call it while another consumer is replaced. */
  replace(ordinal: number, onOver: (replaced: Replaced) => void): void {
    const place = ordinal - 1;
    const candidate = this.#make(ordinal, this.#current[place]);
    this.#replacement = { stage: 'candidate', place, candidate, onOver };
    candidate.post.start();
  }

  /** Advances a replacement, if possible. */
  advance(): void {
    const replacement = this.#replacement;
    if (replacement?.stage === 'candidate') this.#advanceCandidate(replacement);
    else if (replacement?.predecessor.post.isOver) this.#over(replacement, { status: 'done' });
  }

  /** Ends a replacement in its current state. */
  close(): void {
    if (this.#replacement?.stage === 'handing over') this.#replacement.cancelDeadline();
    this.#replacement = undefined;
  }

  /** No replacement is needed any more; a process that has taken over continues. */
  cancelReplacement(): void {
    const replacement = this.#replacement;
    if (replacement?.stage !== 'candidate') return;
    replacement.isCancelled = true;
    replacement.candidate.post.stop();
  }

  #advanceCandidate(replacement: Replacement & { stage: 'candidate' }): void {
    const { place, candidate, onOver } = replacement;
    const { post } = candidate;
    if (post.isOver) {
      const failed = { status: 'failed' as const, reason: post.lastExit ?? 'it exited' };
      return this.#over(replacement, replacement.isCancelled ? { status: 'cancelled' } : failed);
    }
    if (post.state !== 'ready') return;
    const predecessor = this.#current[place]!;
    this.#current[place] = candidate;
    post.takeOver();
    // It gives back items that it has not started, and finishes the others.
    predecessor.post.stop();
    const { clock, settings } = this.#hub;
    const deadlineMs = settings.itemTimeoutMs + settings.abortGraceMs + settings.endTimeoutMs;
    const cancelDeadline = clock.after(deadlineMs, () =>
      predecessor.post.child?.kill(`did not exit within ${formatDuration(deadlineMs)} of being replaced`),
    );
    this.#replacement = { stage: 'handing over', place, predecessor, cancelDeadline, onOver };
    this.advance();
  }

  #over(replacement: Replacement, replaced: Replaced): void {
    if (replacement.stage === 'handing over') replacement.cancelDeadline();
    this.#replacement = undefined;
    replacement.onOver(replaced);
  }

  #make(ordinal: number, predecessor?: Consuming): Consuming {
    const spawn = (): Child<FromConsumer, ToConsumer> => this.#spawn(ordinal);
    return new Consuming(this.#hub, this.#deps, { ordinal, spawn, predecessor: predecessor?.post });
  }
}

function otherOf(replacement: Replacement): Consuming {
  return replacement.stage === 'candidate' ? replacement.candidate : replacement.predecessor;
}
