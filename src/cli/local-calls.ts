import { createCalls, type Calls } from '../calls/calls.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { Limits } from '../limits/limits.ts';
import type { Text } from '../values/text.ts';
import type { Acquire, Freeze, PipelineDescription, Release } from '../ipc/messages.ts';

/** The one process that holds permits. */
const holder = 1;

/** Calls under limits that are kept in this process, for a run without a supervisor. */
export function localCalls(
  described: PipelineDescription['limits'],
  { clock, random, resolve }: { clock: Clock; random: () => number; resolve: (text: Text) => string },
): Calls {
  const limits = new Limits(described);
  let cancel: Cancel | undefined;

  const take = (message: Acquire | Release | Freeze): void => {
    const now = clock.now();
    if (message.type === 'freeze') limits.freeze(now, message.limit, message.ms);
    else if (message.type === 'release') limits.release(now, holder, message.id);
    else if (limits.acquire(holder, message.id, message.limit) === 'unknown') {
      calls.onRefused({ type: 'refused', id: message.id, message: limits.refusal(message.limit) });
    }
    grant();
  };
  const grant = (): void => {
    cancel?.();
    const now = clock.now();
    for (const { id } of limits.advance(now)) calls.onGranted({ type: 'granted', id });
    limits.announced(now);
    const next = limits.nextAt(now);
    if (next !== undefined) cancel = clock.after(next - now, grant);
  };
  // Never grant within the call that asks: a permit is granted after it was asked for.
  const calls = createCalls({
    send: (message) => clock.soon(() => take(message)),
    clock,
    random,
    resolve,
    isConcurrent: (name) => described[name]?.concurrency !== undefined,
  });
  return calls;
}
