import type { EventBus } from '../../observability/events.ts';
import type { QueuePlace, WholeSpool } from '../../queue/place.ts';
import { emptyGroup, type RunRecord } from '../../queue/store.ts';

/**
 * Gives a new queue the records that an archived one has passed on. `run` is its first run. If the process is killed here, the
 * next start does it again.
 */
export function inherit(
  spool: Pick<WholeSpool, 'previous' | 'store'>,
  { place, run, events }: { place: QueuePlace; run: RunRecord; events: EventBus },
): void {
  const found = place.findPassedOn();
  if (found.status === 'none') return;
  if (found.status === 'found') {
    const { limits, previous } = found;
    spool.previous.add(previous);
    if (limits.length > 0) spool.store.commit({ ...emptyGroup(), run, limits: [...limits] });
    spool.store.sync();
  } else {
    events.emit('warning', { code: 'FRESH', message: lost });
  }
  place.forgetPassedOn();
}

const lost =
  'the records that an archived queue has passed on are damaged: frozen limits are no longer frozen, and context.previous is undefined until a run has finished';
