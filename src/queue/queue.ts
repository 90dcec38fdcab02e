/**
 * The queue: a bounded, durable line of items between producer and consumers.
 *
 *     append ──▶ line ──▶ take ──▶ lent ──▶ settle ──▶ done │ dead │ retries ──▶ take …
 *                  ▲                │
 *                  └── returned ◀── release (given back), lose (its consumer is gone)
 *                  ├── marked   ◀── lose (its consumer died, perhaps because of one of them), see blame.ts
 *                  └── isolated ◀── lose (a second consumer died): runs alone
 *
 * Changes are pending (pending.ts) until `commit` makes them durable. Only committed items are lent, and only after the
 * commit may other processes hear of a change. The supervisor knows only in memory which items are lent. So after a start
 * every unsettled item is *inherited*: its receiver asks the sink's ledger first.
 */
import type { Moment } from '../core/clock.ts';
import type { ErrorData } from '../core/errors.ts';
import { Intervals } from '../core/intervals.ts';
import type { Cursors } from './cursors.ts';
import type { LimitRecord } from '../core/limit-record.ts';
import { frameBytes, type Frame } from '../frame/frame.ts';
import type { SourcePosition } from '../frame/position.ts';
import { killsAfter, mostKills, type Death } from './blame/blame.ts';
import type { Letters } from './dead/letters.ts';
import type { FailedAttempt, Fate } from './fate.ts';
import type { Delivery } from './lending/delivery.ts';
import { Holding, type Returned } from './lending/holding.ts';
import { Lender, type LendingLimit, type TakeLimit } from './lending/lender.ts';
import { headOf, Returns } from './lending/returns.ts';
import { fresh } from './open-frames.ts';
import { partsOf, type QueueOptions, type QueueParts } from './parts.ts';
import type { QueueStats, QueueTraffic } from './queue-stats.ts';
import type { Retries } from './retries.ts';
import type { Cursor, PartRecord, RunRecord, Store } from './store.ts';

/** An item that is done and not settled: see `Queue.keep`. */
export type Unread = Returned;

/** A death, and how long the item that caused it waits before it runs again. */
type Killing = Death & { delayMs: (kills: number) => number };

/** What happened to the items of a consumer that is gone. */
export interface Loss {
  /** How many items it held. */
  items: number;
  /** How many of them are now isolated, and how many are only marked. */
  isolated: number;
  marked: number;
  /** The item that killed it, if that is known. */
  killer:
    | {
        seq: number;
        kills: number;
        /** How long it waits before it runs again. */
        delayMs: number;
        /** How many killers have been named since an item was done. */
        inARow: number;
      }
    | undefined;
}

export class Queue {
  readonly #parts: QueueParts;
  readonly #lender: Lender;
  readonly #returns: Returns;
  /** How many killers have been named since an item was done. */
  #killersInARow = 0;
  #framesIn = 0;
  /** Everything below is settled, durably, except items that wait for a retry. */
  #settledBelow: number;

  constructor(store: Store, run: RunRecord, options: QueueOptions) {
    this.#parts = partsOf(store, run, options);
    this.#lender = new Lender(this.#parts);
    this.#returns = new Returns(this.#parts);
    this.#settledBelow = this.#parts.line.nextSeq;
  }

  get run(): Readonly<RunRecord> {
    return this.#parts.pending.run;
  }

  /** The run's record as of the last commit. Decisions are based on this one. */
  get committedRun(): Readonly<RunRecord> {
    return this.#parts.pending.committedRun;
  }

  get stats(): QueueStats {
    const { tallies, line, accused } = this.#parts;
    return { ...tallies.counts, memoryBytes: line.memoryBytes, accused: accused.blame.isolated.size };
  }

  get traffic(): Readonly<QueueTraffic> {
    return { frames: this.#framesIn, ...this.#lender.traffic };
  }

  /** Nothing is queued, lent or waiting for a retry. */
  get isEmpty(): boolean {
    return this.#parts.tallies.isEmpty;
  }

  /** Its dead letters: an operator can give them back, or purge them. */
  get letters(): Pick<Letters, 'giveBack' | 'purge'> {
    return this.#parts.letters;
  }

  // ── in ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Gives the frame's items their seqs. */
  append(frame: Frame, position: SourcePosition): void {
    const { pending, tallies } = this.#parts;
    const { state, nextSeq: first, stored } = this.run;
    if (state !== 'running') throw new Error(`a ${state} run takes no items`);
    if (frame.base !== 0) throw new RangeError('part of a frame cannot be stored as a frame');
    pending.add('frames', { first, frame });
    tallies.append(frame.count, frameBytes(frame));
    this.#framesIn += 1;
    pending.changeRun({ nextSeq: first + frame.count, stored: stored + frame.count, position });
  }

  /** The cursors of a source that wants to hear what is settled. */
  get cursors(): Pick<Cursors, 'areConfirmed' | 'confirm' | 'forget'> {
    return this.#parts.cursors;
  }

  /** Keeps the source's position until everything up to its cursor is settled and the producer has confirmed that. */
  keepCursor(): void {
    this.#parts.cursors.reached(this.run.position, this.run.nextSeq);
  }

  /** Everything committed survives a power loss from now on. Throws as `commit` does. */
  sync(): void {
    this.#parts.store.sync();
  }

  /** The newest cursor that may be sent to the source; see `Cursors.due`. */
  dueCursor(): Cursor | undefined {
    return this.#parts.cursors.due(this.#settledBelow);
  }

  /** Changes the run's record. */
  setRun(change: Partial<Pick<RunRecord, 'state' | 'position' | 'finishedAt' | 'exitCode' | 'fingerprint'>>): void {
    this.#parts.pending.changeRun(change);
  }

  /**
   * Records where the writer's parts end, by sink. They contain exactly the items that the writer has settled as done.
   */
  setParts(writer: number, parts: Readonly<Record<string, unknown>>): void {
    for (const [sink, part] of Object.entries(parts)) this.#parts.pending.setPart({ sink, writer, part });
  }

  /** Where the parts of the run's writers end, as of the last commit. */
  get sinkParts(): PartRecord[] {
    return this.#parts.store.parts(this.run.run);
  }

  /** Keeps the record of a limit, in place of its earlier one. */
  setLimit(record: LimitRecord): void {
    this.#parts.pending.setLimit(record);
  }

  // ── out ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Items that could be lent now, without marked ones. */
  available(moment: Moment): number {
    return this.#lender.available(moment);
  }

  /** Marked items that could be lent now. */
  get availableMarked(): number {
    return this.#lender.availableMarked;
  }

  /** Items that could be lent now to run alone. */
  availableAlone(moment: Moment): number {
    return this.#lender.availableAlone(moment);
  }

  /**
   * Lends `holding` the next run of items: at most `items` and `bytes`, but at least one item. Items that were lent before
   * come first; or last, or alone, on request.
   */
  take(holding: Holding, limit: TakeLimit, moment: Moment): Delivery | undefined {
    return this.#lender.take(holding, limit, moment);
  }

  /** Lends `holding` marked items, which run like others: at most `items` and `bytes`, but at least one item. */
  takeMarked(holding: Holding, limit: LendingLimit, moment: Moment): Delivery | undefined {
    return this.#lender.takeMarked(holding, limit, moment);
  }

  /**
   * Lends `holding`, which holds nothing, items that run alone: about `bytes` and, if given, `ms` of work. An item that has
   * killed before is lent by itself, and only when it is on trial. If running the items one at a time would take too long,
   * half of them are lent to run together.
   */
  takeAlone(holding: Holding, limit: { bytes: number; ms?: number }, moment: Moment): Delivery[] {
    return this.#lender.takeAlone(holding, limit, moment);
  }

  /** When the next retry is due; undefined when none waits. */
  nextDue({ now, wall }: Moment): number | undefined {
    return this.#parts.retries.nextDue(now, wall);
  }

  /** Errors of items that wait for a retry, by kind, the most frequent first. */
  waitingErrors({ now, wall }: Moment): ReturnType<Retries['errors']> {
    return this.#parts.retries.errors(now, wall);
  }

  // ── back ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Items of `holding` are in the sink. Returns how many of them it did not hold: they are ignored. */
  settle(holding: Holding, done: Iterable<readonly [number, number]>, now: number): number {
    let refused = 0;
    for (const [from, to] of done) {
      refused += to - from + 1;
      for (const part of holding.take(from, to, now)) {
        const size = this.#returns.finish(part);
        this.#parts.pending.changeRun({ done: this.run.done + size });
        this.#killersInARow = 0;
        refused -= size;
      }
    }
    return refused;
  }

  /**
   * An item of `holding` is done, and its results wait to be read: until then it stays open. Undefined if `holding` did not
   * hold it.
   */
  keep(holding: Holding, seq: number, now: number): Unread | undefined {
    const [part] = holding.take(seq, seq, now);
    if (part) this.#returns.keep(part);
    return part;
  }

  /** The results of an item that was kept were read. */
  read(unread: Unread): void {
    this.#returns.settleKept(unread);
    this.#parts.pending.changeRun({ done: this.run.done + 1 });
    this.#killersInARow = 0;
  }

  /** The lowest seq that is not settled, of items that were lent and have not failed; undefined if there is none. */
  get lowestUnsettled(): number | undefined {
    return this.#parts.frames.lowestUnsettled;
  }

  /**
   * An attempt at an item of `holding` failed. `decide` returns the item's fate, which `fail` carries out and returns. If
   * `holding` does not hold the item, the failure is ignored: `fail` returns undefined without calling `decide`. If `decide`
   * throws, nothing changes.
   */
  fail(
    holding: Holding,
    seq: number,
    moment: Moment,
    decide: (attempt: FailedAttempt) => Fate,
  ): { attempt: number; fate: Fate } | undefined {
    const lent = holding.find(seq);
    if (!lent) return undefined;
    const head = headOf({ lent, from: seq });
    const { attempt, ownFault } = head;
    const fate = decide({
      seq,
      attempt,
      ownFault,
      lentAt: lent.mark.at,
      mode: lent.mode,
      errorBefore: () => this.#parts.store.readRetryError(seq),
      item: () => this.#returns.read({ lent, from: seq }),
    });
    const [part] = holding.take(seq, seq, moment.now);
    const inSinks = union(head.inSinks, fate.inSinks);
    if (fate.kind === 'dead') {
      this.#returns.bury(part!, { reason: fate.reason, error: fate.error, diedAt: moment.wall, ...inSinks });
    } else {
      const { error, delayMs, usesAttempt } = fate;
      const next = { attempt: attempt + (usesAttempt ? 1 : 0), ownFault: fate.ownFault ?? ownFault };
      this.#returns.retry(part!, { ...head, ...next, ...inSinks, delayMs, error }, moment);
    }
    return { attempt, fate };
  }

  /** `holding` gives back items that it never started. Returns how many of them it did not hold. */
  takeBack(holding: Holding, items: Iterable<readonly [number, number]>, now: number): number {
    let refused = 0;
    for (const [from, to] of items) {
      refused += to - from + 1;
      for (const part of holding.take(from, to, now)) refused -= this.#returns.takeBack(part);
    }
    return refused;
  }

  /**
   * The consumer is gone: the items that it held may or may not be in the sink. If it died (`death`) while it ran an item
   * alone, that item is named as the killer and waits before it runs again. If it ran items together, the items that it may
   * have started are accused.
   */
  lose(holding: Holding, moment: Moment, death?: Killing): Loss {
    const { accused, histories } = this.#parts;
    const loss: Loss = { items: holding.count, isolated: 0, marked: 0, killer: undefined };
    if (death) {
      if (holding.running !== undefined) loss.killer = this.#punish(holding, holding.running, death, moment);
      // Items that ran before it, and are not settled yet, did not kill.
      if (loss.killer) for (const [from, to] of holding.started) accused.blame.clear(from, to);
    }
    const started = Intervals.of(...holding.started);
    const { itemMs } = holding.sizing;
    const parts = holding.takeAll(moment.now);
    if (death) Object.assign(loss, accused.accuse(parts, { started, itemMs, death }));
    for (const part of parts) {
      histories.lost(part.from, part.to);
      this.#returns.takeBack(part);
    }
    return loss;
  }

  /**
   * Accuses the items that are first in line, at most `most`, of a death that its supervisor did not survive. They run
   * alone, each on trial. Returns how many they are.
   */
  accuseFirst(most: number, moment: Moment, death: Death): number {
    const { blame } = this.#parts.accused;
    const accused = new Intervals();
    this.#lender.isolateFirst(most, moment, (from, to) => accused.add(from, to));
    const { size } = accused;
    // They may have started each time, but how often is not known.
    blame.accuse(accused, death, { isolatesAll: true, counts: false });
    blame.beCareful();
    return size;
  }

  /**
   * The item that was on trial killed a consumer of the last supervisor, which died with it. Names the item as if that
   * consumer had been one of this supervisor's.
   */
  nameTrial(seq: number, moment: Moment, death: Killing): Loss['killer'] {
    const { trial } = this.#parts;
    const consumer = new Holding(1);
    this.#lender.lendOnTrial(consumer, seq, moment);
    trial.committed(seq);
    if (consumer.announce(seq, seq) > 0) trial.end(seq, seq);
    return this.lose(consumer, moment, death).killer;
  }

  /** `seq`, which `holding` ran alone, has killed its consumer. */
  #punish(holding: Holding, seq: number, death: Killing, moment: Moment): NonNullable<Loss['killer']> {
    const { accused, histories, trial } = this.#parts;
    const [part] = holding.take(seq, seq, moment.now);
    const head = headOf(part!);
    const kills = killsAfter(head.kills, death, accused.blame.name(seq, death));
    const times = kills === 1 ? 'once' : kills === 2 ? 'twice' : `${kills} times`;
    const error: ErrorData = { code: 'KILLED_CONSUMER', message: `killed its consumer ${times}: ${death.cause}` };
    // From then on the item does not run: its consumer only asks the sink for it, which does not have to wait.
    const delayMs = kills >= mostKills ? 0 : death.delayMs(kills);
    histories.lost(seq);
    this.#returns.putOff(part!, { ...head, kills, delayMs, error }, moment);
    trial.end(seq, seq);
    this.#killersInARow += 1;
    return { seq, kills, delayMs, inARow: this.#killersInARow };
  }

  // ── durable ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** True when there is something to commit. */
  get isDirty(): boolean {
    return this.#parts.pending.isDirty;
  }

  /**
   * Makes pending changes durable. When space is short, it can leave out what is new (items, the end of the source, changes
   * of dead letters). Throws StoreFull, with everything still pending, or an error that is final.
   */
  commit({ now }: Moment, what: 'all' | 'settlements' = 'all'): void {
    if (!this.isDirty) return;
    const { store, pending, frames, line, retries, trial } = this.#parts;
    const durable = pending.commit(store, frames.changed, what);
    frames.clearChanged();
    if (durable.trial !== undefined) trial.committed(durable.trial);
    for (const { first, frame } of durable.frames) line.push(fresh(first, frame));
    for (const { seq, origin, dueAt, error = unknownError, inSinks = [] } of durable.revived) {
      retries.add({ seq, origin, dueAt, delayMs: 0, attempt: 1, kills: 0, ownFault: 0, ...union(inSinks) }, now, error);
    }
    for (const { frame: _, error, ...head } of durable.retries) retries.add(head, now, error);
    for (const seq of durable.retriesGone) retries.gone(seq);
    this.#settledBelow = frames.lowestUnsettled ?? line.nextSeq;
  }

  /**
   * Which seqs the ledger may forget, as of the last commit: all below `before` except those in `open`. Not even a power
   * loss opens one of them again; a sink that has forgotten them refuses a queue that asks for one. Throws as `commit` does.
   */
  watermark(): { before: number; open: number[] } {
    const { store } = this.#parts;
    store.sync();
    const most = 1000;
    const open = store.readRetrySeqs(most + 1);
    const before = this.#settledBelow;
    return open.length > most ? { before: Math.min(before, open[0]!), open: [] } : { before, open };
  }
}

const unknownError: ErrorData = { code: 'UNKNOWN', message: 'not known' };

/** The sinks that have an item according to at least one of the lists. */
function union(one: readonly string[] = [], other: readonly string[] = []): { inSinks?: readonly string[] } {
  return one.length + other.length === 0 ? {} : { inSinks: [...new Set([...one, ...other])] };
}
