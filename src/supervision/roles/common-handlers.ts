import { describeWithPlace, errorFromData, MillraceError } from '../../core/errors.ts';
import type { ExitCode } from '../../core/exit-codes.ts';
import type { Handlers } from '../../ipc/handlers.ts';
import type { Bye, Described, FromChild, Granted, Ready, Refused } from '../../ipc/messages.ts';
import type { Hub } from '../hub.ts';
import { isOutside } from '../blame/outage.ts';
import type { Admission } from '../replacing/admission.ts';
import { permitHandlers } from './permits.ts';
import type { Extent, Outbox } from '../posts/outbox.ts';
import type { Post } from '../posts/post.ts';

type Common = Exclude<FromChild, Ready | Described>;

/**
 * Handles the messages that producer and consumers have in common: permits, signs of life, log lines, the reason for
 * their end, and that they have ended.
 */
export function commonHandlers(
  hub: Pick<Hub, 'limits' | 'clock' | 'events' | 'touch' | 'fail'>,
  side: {
    post: Pick<Post<never, never>, 'role' | 'who' | 'state' | 'isCandidate' | 'ended' | 'beaten' | 'failed'> & {
      readonly child: { send: (message: Granted | Refused) => void } | undefined;
      readonly outbox: Pick<Outbox<Bye>, 'put'> | undefined;
    };
    admission: Pick<Admission, 'heldBack'>;
    /** Its writer id; 0 for none. */
    holder: () => number;
    /** What must be durable before a process that has ended may exit. */
    byeRestsOn: Extent;
  },
): Pick<Handlers<Common>, Common['type']> {
  const { post, admission, holder, byeRestsOn } = side;
  return {
    ...permitHandlers(hub, { role: post.role, holder, send: (message) => post.child?.send(message) }),
    beat: (beat) => post.beaten(beat),
    log: ({ level, message, fields }) => hub.events.emit('child.log', { who: post.who, level, message, fields }),
    failed: ({ error, origin, exitCode }) => {
      const words = describeWithPlace(error);
      post.failed({ origin, words, error, isOutside: isOutside(error) });
      // With an exit code, no process could continue, so the service ends with it. But the error of a process that tries the
      // edited file, while its siblings still run the old one, concerns only that process.
      const isTrying = post.isCandidate || (post.state === 'starting' && admission.heldBack !== undefined);
      if (exitCode !== null && !isTrying)
        hub.fail(new MillraceError(error.code, words, { cause: errorFromData(error), exitCode: exitCode as ExitCode }));
    },
    ended: () => {
      post.ended();
      post.outbox?.put(byeRestsOn, { type: 'bye' });
      hub.touch();
    },
  };
}
