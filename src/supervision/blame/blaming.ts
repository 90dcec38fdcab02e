import { equalJitter } from '../../core/backoff.ts';
import type { Who } from '../../observability/events.ts';
import type { Holding } from '../../queue/lending/holding.ts';
import type { Predecessors } from '../../queue/open-spool.ts';
import type { Exit } from '../posts/child.ts';
import { deathOf, type LastError } from './death.ts';
import type { Hub } from '../hub.ts';
import type { Gone } from '../posts/post.ts';
import type { Crash } from '../posts/restart-policy.ts';

/**
 * When this many have died of items running alone with no item done between them, items are no longer believed to be
 * the cause: else a consumer that always dies would condemn the whole queue, one item after the other.
 */
const mostInARow = 30;

/** When this many supervisors in a row were killed without an item settled between, what they ran may be the cause. */
const mostUncleanStarts = 3;

/**
 * At a start: if supervisors have been killed again and again, the items that they may have been running are isolated; and what
 * the last one is known to have run by itself has killed once more. (The kernel, or whoever runs the machine, may kill all
 * processes of a container because one of them takes too much memory.)
 */
export function blameForKilledSupervisors(
  { queue, events, clock, random, settings }: Pick<Hub, 'queue' | 'events' | 'clock' | 'random' | 'settings'>,
  { uncleanStarts, trial }: Predecessors,
): void {
  if (uncleanStarts < mostUncleanStarts && trial === null) return;
  const who: Who = { role: 'supervisor', ordinal: 0, pid: undefined };
  const cause = 'its supervisor was killed with it';
  const moment = clock.moment();
  const death = { cause, isFromOutside: true };
  // Nothing has settled, so nobody can have been lent more than there are slots.
  const items = queue.accuseFirst(settings.consumers * settings.concurrency, moment, death);
  if (items > 0) events.emit('items.isolated', { who, items, cause });
  if (trial === null) return;
  const backoff = { baseMs: settings.retryBaseMs, capMs: settings.retryCapMs };
  const killer = queue.nameTrial(trial, moment, {
    ...death,
    delayMs: (kills) => equalJitter(backoff, kills, random()),
  });
  if (!killer) return;
  const { seq, kills, delayMs } = killer;
  events.emit('item.killed', { who, seq, kills, cause, inMs: delayMs });
}

/** Takes back what a consumer held that has gone, and finds out whether an item of it is to blame. */
export function blameFor(
  { queue, events, clock, random, settings }: Pick<Hub, 'queue' | 'events' | 'clock' | 'random' | 'settings'>,
  {
    who,
    holding,
    exit,
    isExpected,
    error,
  }: {
    who: Who;
    holding: Holding;
    exit: Exit;
    isExpected: boolean;
    error: LastError | undefined;
  },
): Gone {
  const death = isExpected ? undefined : deathOf(exit, error);
  const moment = clock.moment();
  const crash: Crash = { blame: error?.origin === 'item' ? 'item' : error?.isOutside ? 'outside' : 'process' };
  if (!death) return { released: queue.lose(holding, moment).items, crash };

  const { cause } = death;
  const backoff = { baseMs: settings.retryBaseMs, capMs: settings.retryCapMs };
  const loss = queue.lose(holding, moment, {
    ...death,
    delayMs: (kills) => equalJitter(backoff, kills, random()),
    onSolved: (hasKiller) => {
      crash.blame = hasKiller ? 'item' : 'process';
      if (!hasKiller) events.emit('items.cleared', { cause });
    },
  });
  if (loss.isolated + loss.marked > 0) crash.blame = 'open';
  if (loss.isolated > 0) events.emit('items.isolated', { who, items: loss.isolated, cause });
  else if (loss.marked > 0) events.emit('items.marked', { who, items: loss.marked, cause });
  if (loss.killer) {
    const { seq, kills, delayMs, inARow } = loss.killer;
    if (inARow <= mostInARow) crash.blame = 'item';
    events.emit('item.killed', { who, seq, kills, cause, inMs: delayMs });
  }
  return { released: loss.items, crash };
}
