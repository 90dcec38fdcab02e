import { formatDuration } from '../core/units.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { Post } from './post.ts';

const roundMs = 1000;
/** After an item's signal was aborted, how long it may go on before its consumer is killed. */
const abortGraceMs = 30_000;

/**
 * Kills children that hang: silent for longer than `stallTimeoutMs`, or with an item that goes on long after it
 * should have been aborted. If the supervisor itself was held up, a round is forgiven: their beats may be waiting.
 */
export function watchForHangs(
  posts: () => Iterable<Post<never, never>>,
  { clock, stallTimeoutMs, itemTimeoutMs }: { clock: Clock; stallTimeoutMs: number; itemTimeoutMs: number },
): Cancel {
  let lastRound = clock.now();
  return clock.every(roundMs, () => {
    const now = clock.now();
    const wasHeldUp = now - lastRound > 3 * roundMs;
    lastRound = now;
    if (wasHeldUp) return;
    for (const post of posts()) {
      if (post.state !== 'ready' && post.state !== 'draining') continue;
      const silentMs = now - Math.max(post.beat?.at ?? 0, post.since);
      const { at, beat } = post.beat ?? { at: now, beat: { oldestMs: 0 } };
      const oldestMs = beat.oldestMs > 0 ? beat.oldestMs + now - at : 0;
      if (silentMs > stallTimeoutMs) {
        post.child?.kill(`silent for ${formatDuration(stallTimeoutMs)}`);
      } else if (oldestMs > itemTimeoutMs + abortGraceMs) {
        post.child?.kill(
          `an item went on ${formatDuration(abortGraceMs)} after it was aborted at its timeout of ${formatDuration(itemTimeoutMs)}`,
        );
      }
    }
  });
}
