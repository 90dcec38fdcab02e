import type { Handlers } from '../../ipc/handlers.ts';
import type { Acquire, Freeze, Granted, Refused, Release } from '../../ipc/messages.ts';
import type { Hub } from '../hub.ts';
import { unexpected } from './receiving.ts';

/** A freeze that ends no later than this after the last one counts as the same freeze. */
const sameFreezeMs = 1000;

/** Handles a child's messages about permits; `holder` is its writer id, 0 for none. Grants are sent by the tick. */
export function permitHandlers(
  hub: Pick<Hub, 'limits' | 'clock' | 'events' | 'touch'>,
  child: { role: 'producer' | 'consumer'; holder: () => number; send: (message: Granted | Refused) => void },
): Pick<Handlers<Acquire | Release | Freeze>, 'acquire' | 'release' | 'freeze'> {
  const { limits, clock, events } = hub;
  return {
    acquire({ id, limit, timeoutMs }) {
      if (child.holder() === 0) throw unexpected(child.role, 'acquire', 'not configured');
      if (limits.acquire(child.holder(), id, limit, timeoutMs) === 'queued') hub.touch();
      else child.send({ type: 'refused', id, message: limits.refusal(limit) });
    },
    release({ id, isRefused }) {
      limits.release(clock.now(), child.holder(), id, isRefused);
      hub.touch();
    },
    freeze({ limit, ms }) {
      const before = limits.snapshot(clock.now()).find(({ name }) => name === limit)?.frozenMs ?? 0;
      const left = limits.freeze(clock.now(), limit, ms);
      // Calls that were in progress together are refused together: one line for all of them.
      if (left > before + sameFreezeMs) events.emit('limit.frozen', { limit, ms: left });
      hub.touch();
    },
  };
}
