import { equalJitter } from '../../core/backoff.ts';
import type { Who } from '../../observability/events.ts';
import type { Holding } from '../../queue/lending/holding.ts';
import type { Predecessors } from '../../queue/open-spool.ts';
import type { Exit } from '../posts/child.ts';
import { deathOf, type LastError } from './death.ts';
import type { Hub } from '../hub.ts';
import type { Gone } from '../posts/post.ts';
import type { Crash, Solved } from '../posts/restart-policy.ts';

/**
 * After this many consumers in a row have died of items that ran alone, with no item done in between, items are no
 * longer considered the cause: otherwise a consumer that always dies would condemn the whole queue, one item after the
 * other.
 */
const mostInARow = 30;

/**
 * When this many supervisors in a row were killed with no item settled in between, the items that they ran may be the
 * cause.
 */
const mostUncleanStarts = 3;

type Blaming = Pick<Hub, 'queue' | 'events' | 'clock' | 'random' | 'settings' | 'results'>;

/**
 * At a start: if supervisors have been killed again and again, the items that they may have been running are isolated,
 * and the item that the last one is known to have run alone has killed once more. (The kernel, or an operator, may kill
 * all processes of a container because one of them uses too much memory.)
 */
export function blameForKilledSupervisors(
  { queue, events, clock, random, settings, results }: Blaming,
  { uncleanStarts, trial }: Predecessors,
): void {
  if (uncleanStarts < mostUncleanStarts && trial === null) return;
  const who: Who = { role: 'supervisor', ordinal: 0, pid: undefined };
  const cause = 'its supervisor was killed with it';
  const moment = clock.moment();
  const death = { cause, isFromOutside: true };
  // Nothing has settled, so no consumer can have been lent more items than it has slots.
  const items = queue.accuseFirst(settings.consumers * settings.concurrency, moment, death);
  if (items > 0) events.emit('items.isolated', { who, items, cause });
  if (trial === null) return;
  const killer = queue.nameTrial(trial, moment, {
    ...death,
    delayMs: (kills) => equalJitter(settings.retry, kills, random()),
  });
  if (!killer) return;
  results?.retries(killer.seq);
  const { seq, kills, delayMs } = killer;
  events.emit('item.killed', { who, seq, kills, cause, inMs: delayMs });
}

/** Takes back the items of a consumer that has gone, and finds out whether one of them is to blame. */
export function blameFor(
  { queue, events, clock, random, settings, results }: Blaming,
  {
    who,
    holding,
    exit,
    isExpected,
    error,
    isOutside = error?.isOutside ?? false,
  }: {
    who: Who;
    holding: Holding;
    exit: Exit;
    isExpected: boolean;
    error: LastError | undefined;
    /** An external service is to blame, unless an item is. By default, the error decides. */
    isOutside?: boolean;
  },
): Gone {
  const death = isExpected ? undefined : deathOf(exit, error);
  const moment = clock.moment();
  const crash: Crash = { blame: error?.origin === 'item' ? 'item' : isOutside ? 'outside' : 'process' };
  if (!death) return { givenBack: queue.lose(holding, moment).items, crash };

  const { cause } = death;
  const verdict = new Verdict();
  const loss = queue.lose(holding, moment, {
    ...death,
    delayMs: (kills) => equalJitter(settings.retry, kills, random()),
    onSolved: (hasKiller) => {
      verdict.give(hasKiller ? 'item' : 'process');
      if (!hasKiller) events.emit('items.cleared', { cause });
    },
  });
  if (loss.isolated > 0) events.emit('items.isolated', { who, items: loss.isolated, cause });
  else if (loss.marked > 0) events.emit('items.marked', { who, items: loss.marked, cause });
  if (loss.killer) {
    const { seq, kills, delayMs, inARow } = loss.killer;
    results?.retries(seq);
    events.emit('item.killed', { who, seq, kills, cause, inMs: delayMs });
    if (inARow <= mostInARow) return { givenBack: loss.items, crash: { blame: 'item' } };
  }
  const isOpen = loss.isolated + loss.marked > 0;
  return { givenBack: loss.items, crash: isOpen ? { blame: 'open', whenSolved: verdict.whenGiven } : crash };
}

/** The verdict about a crash, perhaps long after it. */
class Verdict {
  #blame: Solved | undefined;
  #listener: ((blame: Solved) => void) | undefined;

  give(blame: Solved): void {
    this.#blame = blame;
    this.#listener?.(blame);
  }

  readonly whenGiven = (listener: (blame: Solved) => void): void => {
    this.#listener = listener;
    if (this.#blame !== undefined) listener(this.#blame);
  };
}
