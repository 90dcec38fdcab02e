import type { Moment } from '../../core/clock.ts';
import { ProtocolError } from '../../core/errors.ts';
import { Intervals } from '../../core/intervals.ts';
import type { Failure, Settle } from '../../ipc/messages.ts';
import type { Who } from '../../observability/events.ts';
import type { FailedAttempt, Fate } from '../../queue/fate.ts';
import type { Holding } from '../../queue/lending/holding.ts';
import { badRecord } from '../blame/bad-record.ts';
import { fateOf, type FateDeps } from '../blame/fate.ts';
import type { Hub } from '../hub.ts';
import type { ArrivedRows } from './arrived-rows.ts';
import { unexpected } from './receiving.ts';

export type SettlingDeps = FateDeps & Pick<Hub, 'clock' | 'events' | 'results' | 'fail'>;

/** So that the item is not lent again before the service has stopped. */
const endedRunDelayMs = 1000;

/**
 * Takes a consumer's report about items. Results for items that it no longer holds are discarded, because another
 * consumer may have them.
 */
export function settle(
  deps: SettlingDeps,
  { who, writer, holding, rows }: { who: Who; writer: number; holding: Holding | undefined; rows: ArrivedRows },
  { done: flat, failed, parts, ...uses }: Settle,
): void {
  const { queue, results, events, clock, outage, singlingOut } = deps;
  const done = Intervals.fromFlat(flat);
  const moment = clock.moment();
  const lentAt = holding?.lentAt(done) ?? moment.now;
  // Its part has items in it that may be with another consumer now. Nothing of the report counts: without the part's end, the
  // items that it does hold would be settled and not in the sink.
  if (parts && holding && !holdsAll(holding, done))
    throw new ProtocolError('a part of a sink came with items that were not lent');
  let refused = done.size;
  if (holding && results) refused = results.done({ holding, done, rows, now: moment.now });
  else if (holding) refused = queue.settle(holding, done, moment.now);
  if (refused < done.size) {
    outage.succeeded();
    singlingOut.done(lentAt, done, uses);
  }
  if (parts && holding) queue.setParts(writer, parts);
  for (const failure of failed) if (!holding || !fail(deps, holding, failure, moment)) refused += 1;
  if (refused > 0) events.emit('settle.refused', { who, items: refused });
}

function holdsAll(holding: Holding, items: Intervals): boolean {
  for (const [from, to] of items) for (let seq = from; seq <= to; seq++) if (!holding.find(seq)) return false;
  return true;
}

/** Settles one failed item. False if the consumer does not hold it. */
function fail(deps: SettlingDeps, holding: Holding, failure: Failure, moment: Moment): boolean {
  const { queue, results, events, outage, singlingOut } = deps;
  const { seq, verdict } = failure;
  const outcome = queue.fail(holding, seq, moment, (attempt) => decide(deps, failure, attempt, moment.now));
  if (!outcome) return false;
  const { attempt, fate } = outcome;
  const { error } = fate;
  if (verdict === 'retry' || verdict === 'later') outage.failed(moment.now, error);
  if (fate.kind === 'dead') {
    singlingOut.forget(seq);
    results?.dead(seq);
    events.emit('item.dead', { seq, attempts: attempt, reason: fate.reason, error });
  } else {
    results?.retries(seq);
    events.emit('item.retry', { seq, attempt, inMs: fate.delayMs, error });
  }
  return true;
}

function decide(deps: SettlingDeps, failure: Failure, attempt: FailedAttempt, now: number): Fate {
  const { inSinks } = failure;
  return { ...fateOfFailure(deps, failure, attempt, now), ...(inSinks && { inSinks }) };
}

function fateOfFailure(deps: SettlingDeps, failure: Failure, attempt: FailedAttempt, now: number): Fate {
  const { seq, verdict, error: failed } = failure;
  if (verdict === 'endsRun') {
    deps.fail(badRecord(attempt.item(), failed));
    // It stays in the queue, so the next start lends it again.
    return { kind: 'retry', error: failed, usesAttempt: false, delayMs: endedRunDelayMs };
  }
  if (verdict !== 'absent') return fateOf(deps, failure, attempt, now);
  if (attempt.mode !== 'askOnly') throw unexpected('consumer', `absence of ${seq}`, 'not asked for it');
  // The item did not run, so it did not fail again: its error is that it killed its consumers.
  const error = attempt.errorBefore() ?? { code: 'KILLED_CONSUMER', message: 'killed its consumer' };
  return fateOf(deps, { ...failure, error }, attempt, now);
}
