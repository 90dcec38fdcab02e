import type { Moment } from '../../core/clock.ts';
import type { DeliveryMode, History } from '../../core/delivery.ts';
import { cutFrame, fitItems, frameBytes, type Frame } from '../../frame/frame.ts';
import type { Backlog } from '../backlog.ts';
import { mostKills } from '../blame/blame.ts';
import type { QueueParts } from '../parts.ts';
import type { QueueTraffic } from '../queue-stats.ts';
import type { RetryHead, StoredFrame } from '../store.ts';
import type { Delivery } from './delivery.ts';
import type { Holding, Lent } from './holding.ts';

/** How much to lend; always at least one item. */
export interface LendingLimit {
  items: number;
  bytes: number;
}

export interface TakeLimit extends LendingLimit {
  /** Items that were lent before come last. */
  triedLast?: boolean;
  /** Only items that were lent before. */
  withoutNew?: boolean;
}

/** When items are lent, and why. */
interface HowLent {
  now: number;
  lot?: Lent['lot'];
}

/** The way out of the queue: which items are lent next, and how they run. */
export class Lender {
  readonly #parts: QueueParts;
  readonly #traffic: Pick<QueueTraffic, 'deliveries' | 'delivered'> = { deliveries: 0, delivered: 0 };

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  get traffic(): Pick<QueueTraffic, 'deliveries' | 'delivered'> {
    return this.#traffic;
  }

  /** Items that could be lent now, without marked ones. */
  available({ now, wall }: Moment): number {
    const { tallies, accused, pending, retries } = this.#parts;
    this.#collectKillers(now, wall);
    const due = retries.nextDue(now, wall);
    const queued = tallies.queued - accused.size - pending.items;
    // Only one of the waiting retries is known to be due. That is enough for dispatch to check.
    return queued + (due !== undefined && due <= now ? 1 : 0);
  }

  /** Marked items that could be lent now. */
  get availableMarked(): number {
    return this.#parts.accused.marked.size;
  }

  /** Items that could be lent now to run alone. */
  availableAlone({ now, wall }: Moment): number {
    this.#collectKillers(now, wall);
    return this.#parts.accused.isolated.size;
  }

  /** See `Queue.take`. */
  take(holding: Holding, { triedLast, withoutNew, ...limit }: TakeLimit, moment: Moment): Delivery | undefined {
    const { returned } = this.#parts;
    const atMost = { items: Math.max(limit.items, 1), bytes: limit.bytes };
    const takeTried = (): Delivery | undefined =>
      this.#takeRetry(holding, returned, moment) ?? this.#takeDue(holding, moment);
    const takeNew = (): Delivery | undefined =>
      this.#takeReturned(holding, returned, atMost, { now: moment.now }) ??
      (withoutNew ? undefined : this.#takeNext(holding, atMost, moment.now));
    return this.#counted(triedLast ? (takeNew() ?? takeTried()) : (takeTried() ?? takeNew()));
  }

  /** See `Queue.takeMarked`. */
  takeMarked(holding: Holding, limit: LendingLimit, moment: Moment): Delivery | undefined {
    const { marked } = this.#parts.accused;
    return this.#counted(
      this.#takeRetry(holding, marked, moment, 'marked') ??
        this.#takeReturned(holding, marked, limit, { now: moment.now, lot: 'marked' }),
    );
  }

  /** See `Queue.takeAlone`. */
  takeAlone(holding: Holding, { bytes, ms }: { bytes: number; ms?: number }, moment: Moment): Delivery[] {
    const { accused } = this.#parts;
    const { isolated } = accused;
    const { most, lot } = accused.next(ms);
    let left = most;
    const deliveries: Delivery[] = [];
    while (isolated.size > 0 && left > 0 && holding.bytes < bytes) {
      const { comesByItself } = accused;
      if (comesByItself && (deliveries.length > 0 || !this.#isOnTrial())) break;
      const limit = { items: comesByItself ? 1 : left, bytes: bytes - holding.bytes };
      const delivery =
        this.#takeRetry(holding, isolated, moment, lot) ??
        this.#takeReturned(holding, isolated, limit, { now: moment.now, lot });
      deliveries.push(this.#counted(delivery)!);
      left -= delivery!.frame.count;
      if (comesByItself) break;
    }
    return deliveries;
  }

  /** Isolates the items that are first in line, at most `most`. Calls `isolated` with their seqs. */
  isolateFirst(most: number, { now, wall }: Moment, isolated: (from: number, to: number) => void): void {
    const { line, frames, accused } = this.#parts;
    let left = most;
    for (; left > 0; left--) {
      const head = this.#dueRetry(now, wall);
      if (!head) break;
      accused.isolated.retries.push(head);
      isolated(head.seq, head.seq);
    }
    while (left > 0) {
      const run = line.take(left, Infinity);
      if (!run) break;
      const to = run.from + run.piece.count - 1;
      frames.open(run.stored);
      accused.isolated.items.add(run.from, to);
      isolated(run.from, to);
      left -= run.piece.count;
    }
  }

  /** Lends `holding` item `seq` to run alone, if it is isolated or waits for a retry, due or not. */
  lendOnTrial(holding: Holding, seq: number, moment: Moment): void {
    const { accused, items, tallies } = this.#parts;
    const { retries } = accused.isolated;
    const at = retries.findIndex((head) => head.seq === seq);
    if (at >= 0) {
      this.#lendRetry(holding, retries.splice(at, 1)[0]!, moment, 'usual');
    } else if (accused.isolated.items.delete(seq)) {
      const stored = items.frameOf(seq);
      this.#lend(holding, stored, seq, cutFrame(stored.frame, seq - stored.first, 1), { now: moment.now });
    } else {
      const head = this.#parts.retries.takeSeq(seq, moment.now, moment.wall);
      if (!head) return;
      tallies.fallDue();
      this.#lendRetry(holding, head, moment, 'usual', true);
    }
  }

  /** Whether the next isolated item may be lent by itself: only once the store has it on trial. */
  #isOnTrial(): boolean {
    const { accused, trial } = this.#parts;
    const { retries, items } = accused.isolated;
    const [head] = retries;
    // An item that the sink is only asked for does not run.
    return (head?.kills ?? 0) >= mostKills || trial.isOn(head?.seq ?? items.first!);
  }

  #counted(delivery: Delivery | undefined): Delivery | undefined {
    this.#traffic.deliveries += delivery ? 1 : 0;
    this.#traffic.delivered += delivery?.frame.count ?? 0;
    return delivery;
  }

  #takeRetry(holding: Holding, { retries }: Backlog, moment: Moment, lot: Lent['lot'] = 'usual'): Delivery | undefined {
    const head = retries.shift();
    return head && this.#lendRetry(holding, head, moment, lot);
  }

  #takeDue(holding: Holding, moment: Moment): Delivery | undefined {
    this.#collectKillers(moment.now, moment.wall);
    const head = this.#dueRetry(moment.now, moment.wall);
    return head && this.#lendRetry(holding, head, moment, 'usual');
  }

  /** Isolates due retries that have killed a consumer. */
  #collectKillers(now: number, wall: number): void {
    const { retries, accused } = this.#parts;
    while ((retries.peek(now, wall)?.kills ?? 0) > 0) accused.isolated.retries.push(this.#dueRetry(now, wall)!);
  }

  #dueRetry(now: number, wall: number): RetryHead | undefined {
    const { retries, tallies } = this.#parts;
    const head = retries.take(now, wall);
    if (head) tallies.fallDue();
    return head;
  }

  #lendRetry(
    holding: Holding,
    head: RetryHead,
    { now }: Moment,
    lot: Lent['lot'],
    isAlone = this.#parts.accused.isAlone(head) && lot !== 'half',
  ): Delivery {
    const { store, items, pending, tallies, histories } = this.#parts;
    const mode = head.kills >= mostKills ? 'askOnly' : isAlone ? 'alone' : 'together';
    const { seq, origin, attempt, inSinks = [] } = head;
    const frame = items.retry(seq);
    const history = histories.of(seq);
    const free = freeOf(holding, { mode, history, count: 1 });
    const lent: Lent = {
      mode,
      lot,
      from: seq,
      to: seq,
      bytes: frameBytes(frame),
      mark: holding.sizing.lent(now),
      origin: { kind: 'retry', head },
    };
    holding.give(lent, free);
    tallies.lend(1);
    // If its seq has changed, it was a dead letter, perhaps in an earlier run.
    const originRun = (origin === seq ? undefined : store.runOf(origin)) ?? pending.run.run;
    return { seq, origin, originRun, frame, attempt, history, mode, free, ...(inSinks.length > 0 && { inSinks }) };
  }

  #takeReturned(holding: Holding, { items }: Backlog, limit: LendingLimit, how: HowLent): Delivery | undefined {
    const from = items.first;
    if (from === undefined) return undefined;
    const stored = this.#parts.items.frameOf(from);
    const last = stored.first + stored.frame.count - 1;
    const [, to] = [...items.within(from, Math.min(last, from + limit.items - 1))][0]!;
    const sameHistory = this.#parts.histories.countSame(from, to);
    const count = fitItems(stored.frame, from - stored.first, sameHistory, limit.bytes);
    items.delete(from, from + count - 1);
    return this.#lend(holding, stored, from, cutFrame(stored.frame, from - stored.first, count), how);
  }

  #takeNext(holding: Holding, limit: LendingLimit, now: number): Delivery | undefined {
    const run = this.#parts.line.take(limit.items, limit.bytes);
    return run && this.#lend(holding, run.stored, run.from, run.piece, { now });
  }

  #lend(holding: Holding, stored: StoredFrame, seq: number, frame: Frame, { now, lot = 'usual' }: HowLent): Delivery {
    const { pending, frames, tallies, accused, histories } = this.#parts;
    const mode = lot !== 'half' && accused.blame.isolated.has(seq) ? 'alone' : 'together';
    const history = histories.of(seq);
    const free = freeOf(holding, { mode, history, count: frame.count });
    const lent: Lent = {
      mode,
      lot,
      from: seq,
      to: seq + frame.count - 1,
      bytes: frameBytes(frame),
      mark: holding.sizing.lent(now),
      origin: { kind: 'frame', frame: frames.open(stored) },
    };
    holding.give(lent, free);
    tallies.lend(frame.count);
    return { seq, origin: seq, originRun: pending.run.run, frame, attempt: 1, history, mode, free };
  }
}

/** How many of `count` items may start without being announced: none that wait for an answer of the ledger. */
function freeOf(
  { free }: Holding,
  { mode, history, count }: { mode: DeliveryMode; history: History; count: number },
): number {
  return mode === 'together' && history === 'first' ? Math.min(free, count) : 0;
}
