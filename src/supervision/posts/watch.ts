import { formatDuration } from '../../core/units.ts';
import type { Cancel, Clock } from '../../core/clock.ts';
import type { Child } from './child.ts';
import type { Post } from './post.ts';

const roundMs = 1000;
/**
 * A consumer ends itself when an item keeps running beyond its grace period, if it can: this is how long to wait for
 * that.
 */
const patienceMs = 15_000;

type WatchedPost = Pick<Post<never, never>, 'state' | 'since' | 'beat'> & {
  readonly child: Pick<Child<never, never>, 'kill'> | undefined;
};

/**
 * Kills children that hang: silent for longer than `stallTimeoutMs`, or with an item that keeps running long after it
 * should have been aborted. If the supervisor itself was held up, earlier times do not count: the children's beats may
 * be waiting, or they may have stood still, too.
 */
export function watchForHangs(
  posts: () => Iterable<WatchedPost>,
  options: { clock: Clock; stallTimeoutMs: number; itemTimeoutMs: number; abortGraceMs: number },
): Cancel {
  const { clock, stallTimeoutMs, itemTimeoutMs, abortGraceMs } = options;
  let lastRound = clock.now();
  let awakeSince = lastRound;
  return clock.every(roundMs, () => {
    const now = clock.now();
    if (now - lastRound > 3 * roundMs) awakeSince = now;
    lastRound = now;
    for (const post of posts()) {
      if (post.state !== 'ready' && post.state !== 'draining') continue;
      const { at, beat } = post.beat ?? { at: post.since, beat: { oldestMs: 0 } };
      const silentMs = now - Math.max(at, post.since, awakeSince);
      const oldestMs = beat.oldestMs > 0 ? beat.oldestMs + now - Math.max(at, awakeSince) : 0;
      if (silentMs > stallTimeoutMs) {
        post.child?.kill(`silent for ${formatDuration(stallTimeoutMs)}`, 'hang');
      } else if (oldestMs > itemTimeoutMs + abortGraceMs + patienceMs) {
        post.child?.kill(
          `an item was still running ${formatDuration(abortGraceMs + patienceMs)} after it was aborted at its timeout of ${formatDuration(itemTimeoutMs)}`,
          'hang',
        );
      }
    }
  });
}
