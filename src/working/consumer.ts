/**
 * A consumer at work: items arrive and go through `process` in its slots, their results go to the sink in group
 * commits, and items whose results are in the sink are settled.
 *
 *     deliver ──▶ (ask the ledger) ──▶ slots ──▶ committer ──▶ settler ──▶ settle
 */
import type { Calls, Vain } from '../calls/calls.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { describeError, describeWithPlace, errorData, MillraceError } from '../core/errors.ts';
import { Intervals } from '../core/intervals.ts';
import type { ParamValues } from '../core/params.ts';
import type { Redaction } from '../core/redaction.ts';
import { frameFromPayload, type Frame } from '../frame/frame.ts';
import type { DeliveryMode } from '../core/delivery.ts';
import type { Beat, Deliver, FromConsumer, Prune, Recall, Withdraw } from '../ipc/messages.ts';
import type { Log } from '../pipeline/context.ts';
import type { Pipeline } from '../pipeline/types.ts';
import { sinkFailureOf } from '../sinks/port.ts';
import type { DecoderOf } from '../sources/port.ts';
import type { OpenSink } from './open-sinks.ts';
import { Present } from './present.ts';
import { Committer } from './committer.ts';
import { stopped } from '../child/stopped.ts';
import { timedOut, wentOn } from './item-timeout.ts';
import { contextOf } from './item-context.ts';
import { ItemReaders } from './item-readers.ts';
import { ItemScope } from './item-scope.ts';
import type { Leases } from './leases.ts';
import { LimitUses } from './limit-uses.ts';
import { isBeyondWaiting, patiently, type Patience } from './patience.ts';
import { Pace } from './pace.ts';
import { Redelivery, type Found } from './redelivery.ts';
import { itself, rowsOf } from './rows.ts';
import type { SinkState } from './sink-state.ts';
import { Settler } from './settler.ts';
import { OpenFailed } from './slot-processor.ts';
import { Slots } from './slots.ts';
import { Solo } from './solo.ts';
import { failureOf } from './verdict.ts';

export interface ConsumerOptions {
  pipeline: Pipeline;
  /** In the order in which they are written. The operations of each are done one at a time. */
  sinks: readonly OpenSink[];
  run: string;
  sinkState: SinkState;
  concurrency: number;
  itemTimeoutMs: number;
  /** How long an item may keep running after its signal was aborted. */
  abortGraceMs: number;
  resources: unknown;
  /** The pipeline's processor, if its `process` is one. */
  leases: Leases | undefined;
  /** Decodes the source's raw records, if it can yield any. */
  decoderOf: DecoderOf | undefined;
  params: ParamValues;
  clock: Clock;
  random: () => number;
  redaction: Redaction;
  log: Log;
  calls: Calls;
  send: (message: FromConsumer) => void;
  /** Like the channel's `flush`. */
  flush: () => Promise<void> | undefined;
  /** This process cannot continue, because of an item or by itself. */
  fail: (error: unknown, origin?: 'item') => void;
}

const timeoutRoundMs = 1000;

export class Consumer {
  readonly #options: ConsumerOptions;
  readonly #settler: Settler;
  readonly #committer: Committer;
  readonly #redelivery: Redelivery;
  readonly #limitUses = new LimitUses();
  readonly #present = new Present();
  readonly #slots: Slots<ItemScope>;
  readonly #solo: Solo;
  readonly #cancelRound: Cancel;
  /** Redeliveries that the ledger is being asked about: not started yet. */
  readonly #asking = new Set<Intervals>();
  /** Aborted when the sink is no longer waited for. */
  readonly #giveUp = new AbortController();
  readonly #patience: Patience;
  #isAborted = false;
  /** Waits that will not be over before this process must have stopped. */
  #vain: Vain | undefined;
  #drained: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    const { clock, random, redaction, send, flush, pipeline, sinks, run, sinkState, concurrency } = options;
    const { itemTimeoutMs, abortGraceMs } = options;
    this.#patience = { clock, random, redaction, signal: this.#giveUp.signal, sinkState };
    const pace = new Pace();
    this.#settler = new Settler(send, () => ({
      idle: this.#solo.waiting > 0 ? 0 : this.#slots.idleSlots,
      ...pace.take(),
    }));
    this.#committer = new Committer({
      sinks,
      run,
      patience: this.#patience,
      present: this.#present,
      onDone: (items, parts) => this.#settler.done(items, this.#limitUses.take(items), parts),
      onBad: (seq, error, inSinks) => {
        this.#limitUses.forget(seq);
        this.#settler.failed({ seq, verdict: 'dead', error, afterMs: null, ...(inSinks.length > 0 && { inSinks }) });
      },
      onFatal: (error) => this.#fail(error),
    });
    this.#redelivery = new Redelivery(sinks, (writers) => send({ type: 'fenced', writers }));
    const { resources, params, log, calls, decoderOf } = options;
    const base = { resources, params, log, calls };
    const resultsOf = pipeline.process ? rowsOf : itself;
    const announce = (items: Intervals): Promise<void> | undefined => {
      send({ type: 'start', items: items.toFlat() });
      return flush();
    };
    this.#slots = new Slots<ItemScope>({
      clock,
      concurrency,
      decoder: new ItemReaders({ source: pipeline.source, decoderOf, fail: (error) => this.#fail(error) }),
      pace,
      announce,
      scope: (id) => new ItemScope(base, id),
      process: processOf(options),
      onDone: ({ seq, usedLimits, givenBackKey }, result) => {
        this.#limitUses.add(seq, usedLimits);
        this.#committer.add(seq, resultsOf(result), givenBackKey);
      },
      onFailed: ({ seq }, error) => this.#failed(seq, error),
    });
    this.#solo = new Solo({
      slots: this.#slots,
      announce: (seq) => announce(Intervals.of([seq, seq])),
      soon: (fn) => clock.soon(fn),
    });
    this.#cancelRound = clock.every(timeoutRoundMs, () => {
      this.#giveBackWaiting();
      const reason = timedOut(itemTimeoutMs);
      this.#slots.abortOlderThan(itemTimeoutMs, reason);
      this.#giveUpOn(this.#slots.abandonOlderThan(itemTimeoutMs + abortGraceMs), reason);
    });
  }

  /**
   * Items that keep running after their signal was aborted have failed, and use an attempt; only the end of the process
   * ends them.
   */
  #giveUpOn(seqs: readonly number[], reason: Error): void {
    if (seqs.length === 0) return;
    this.#slots.stop();
    const error = { code: 'TIMEOUT', message: wentOn(reason) };
    for (const seq of seqs) this.#settler.failed({ seq, verdict: 'retry', error, afterMs: null });
    void this.#settler.idle().then(() => this.#fail(new Error(`item ${seqs.join(', ')}: ${error.message}`), 'item'));
  }

  /** The contents of the beat. */
  get state(): Pick<Beat, 'lent' | 'started' | 'oldestMs' | 'waiting'> {
    const { running, waiting, oldestMs } = this.#slots;
    const { problem } = this.#options.sinkState;
    return {
      lent: running + waiting + this.#solo.waiting,
      started: running,
      oldestMs,
      waiting: problem ? `sink: ${problem}` : this.#options.calls.repeating(),
    };
  }

  deliver(
    { type: _, seq, origin, originRun, attempt, history, mode, free, writers, inSinks = [], ...header }: Deliver,
    payload: Buffer,
  ): void {
    const frame = frameFromPayload(header, payload);
    const items = Intervals.of([seq, seq + frame.count - 1]);
    const batch = { seq, origin, originRun, frame, attempt, mode, items, announcedTo: seq + free - 1 };
    for (const sink of inSinks) this.#present.add(seq, sink);
    if (history !== 'first' && this.#redelivery.hasLedger) {
      this.#askFirst({ ...batch, writers, history }).catch((error: unknown) => {
        // The items were given back in the meantime. They may be settled by now, and the ledger may have forgotten
        // them.
        if (!this.#drained || sinkFailureOf(error) === 'fenced') this.#fail(error);
      });
    } else {
      this.#start(batch);
    }
  }

  /** The settle has been committed. */
  settled(): void {
    this.#settler.settled();
  }

  recall({ items }: Recall): void {
    this.#options.send({ type: 'givenBack', items: this.#slots.giveBack(items).toFlat() });
  }

  prune({ before, open, drop }: Prune): void {
    for (const { target, connection } of this.#options.sinks) {
      connection.prune({ before, open, drop }).catch((error: unknown) => {
        // The ledger only stays larger than necessary; the next prune removes what this one left.
        this.#options.log.warn(`could not prune the ledger in ${target}: ${describeWithPlace(errorData(error))}`);
      });
    }
  }

  /** Gives up on items that are still running: they stay in the queue. */
  abort(): void {
    this.#isAborted = true;
    this.#slots.abortOlderThan(0, stopped());
    this.#giveUp.abort();
  }

  /** Items that only wait for permits of these limits, or for longer than `ms`, are given back, now or when they do. */
  withdraw({ limits, ms }: Withdraw): void {
    const deadline = this.#options.clock.now() + ms;
    this.#vain = { limits: new Set(limits), deadline };
    this.#giveBackWaiting();
  }

  #giveBackWaiting(): void {
    const vain = this.#vain;
    if (!vain) return;
    const withdrawn = this.#slots.withdraw((scope) => scope.waitsInVain(vain));
    if (withdrawn.length === 0) return;
    const items = new Intervals();
    for (const { seq } of withdrawn) items.add(seq);
    this.#options.send({ type: 'givenBack', items: items.toFlat() });
    const reason = stopped();
    for (const scope of withdrawn) {
      scope.abort(reason);
      scope.finish();
    }
  }

  /**
   * Starts nothing more, gives back items that were not started, waits for those that were, and closes processors,
   * resources and sinks. Resolves when all of that is done and settled.
   */
  async drain(): Promise<void> {
    this.#drained ??= this.#drain();
    await this.#drained;
  }

  /** This process is about to end: cancels its timers, and waits for nothing more. */
  letGo(): void {
    this.#cancelRound();
    this.#giveUp.abort();
    this.#slots.stop();
    this.#solo.stop();
  }

  async #drain(): Promise<void> {
    const unstarted = this.#slots.stop();
    for (const items of [this.#solo.stop(), ...this.#asking]) for (const [from, to] of items) unstarted.add(from, to);
    if (!unstarted.isEmpty) this.#options.send({ type: 'givenBack', items: unstarted.toFlat() });
    await this.#slots.idle();
    await this.#committer.idle();
    await this.#settler.idle();
    this.#cancelRound();
    await this.#options.leases?.close();
    await this.#options.pipeline.teardown?.(this.#options.resources);
    for (const { target, connection } of this.#options.sinks) {
      await connection.close().catch((error: unknown) => {
        // Everything that it was given is settled.
        this.#options.log.warn(`could not close the sink ${target}: ${describeWithPlace(errorData(error))}`);
      });
    }
  }

  async #askFirst({ writers, history, ...batch }: Batch & Pick<Deliver, 'writers' | 'history'>): Promise<void> {
    const { items } = batch;
    this.#asking.add(items);
    const range = [items.first!, items.last!] as const;
    const ask = (): Promise<Found> => this.#redelivery.found(range, { writers, history });
    const answer = await patiently(ask, this.#patience, isBeyondWaiting);
    this.#asking.delete(items);
    // Given back in the meantime: the next consumer will ask again.
    if (this.#drained || answer.status === 'given up') return;
    const { everywhere, partly } = answer.value;
    if (!everywhere.isEmpty) this.#settler.found(everywhere);
    for (const [from, to] of everywhere) items.delete(from, to);
    for (const { sink, items: some } of this.#options.sinks.length > 1 ? partly : []) {
      for (const [from, to] of items) for (const [a, b] of some.within(from, to)) this.#haveBeenPresent(a, b, sink);
    }
    this.#settlePresent(items);
    this.#start(batch);
  }

  /** Settles those of `items` that were dead letters, if the sinks that lacked them have them by now. Takes them out of `items`. */
  #settlePresent(items: Intervals): void {
    if (this.#present.isEmpty) return;
    const { sinks } = this.#options;
    const found = new Intervals();
    for (const [from, to] of items) {
      for (let seq = from; seq <= to; seq++) {
        if (!sinks.every(({ id }) => this.#present.has(seq, id))) continue;
        this.#present.forget(seq);
        found.add(seq);
      }
    }
    if (found.isEmpty) return;
    for (const [from, to] of found) items.delete(from, to);
    this.#settler.found(found);
  }

  #haveBeenPresent(from: number, to: number, sink: string): void {
    for (let seq = from; seq <= to; seq++) this.#present.add(seq, sink);
  }

  #start({ seq: first, origin, originRun, frame, attempt, mode, items, announcedTo }: Batch): void {
    if (mode === 'askOnly') return this.#absent(items);
    const runs = mode === 'alone' ? this.#solo : this.#slots;
    for (const [next, last] of items) runs.add({ next, last, frame, first, origin, originRun, attempt, announcedTo });
  }

  /** The sink was only asked about these items, and does not have them. */
  #absent(items: Intervals): void {
    const error = { code: 'ABSENT', message: 'the sink does not have it' };
    for (const [from, to] of items) {
      for (let seq = from; seq <= to; seq++) {
        this.#settler.failed({ seq, verdict: 'absent', error, afterMs: null, ...this.#whereItIs(seq) });
      }
    }
  }

  /** This process cannot continue: nothing more goes to the sink. */
  #fail(error: unknown, origin?: 'item'): void {
    this.#giveUp.abort();
    this.#options.fail(error, origin);
  }

  #failed(seq: number, error: unknown): void {
    // Aborted by us: its outcome is not reported, so it stays lent, and returns to the queue when this process exits.
    if (this.#isAborted) return;
    if (error instanceof OpenFailed) return this.#fail(error);
    const failure = failureOf(seq, error, this.#options.redaction);
    if (failure.error.code === 'UNKNOWN_LIMIT') {
      this.#options.fail(
        new MillraceError('UNKNOWN_LIMIT', describeError(failure.error), { cause: error, exitCode: 78 }),
      );
      return;
    }
    this.#settler.failed({ ...failure, ...this.#whereItIs(seq) });
  }

  /** The sinks that have an item that has failed. */
  #whereItIs(seq: number): { inSinks?: string[] } {
    if (this.#present.isEmpty) return {};
    const inSinks = this.#present.sinksWith(seq);
    this.#present.forget(seq);
    return inSinks.length > 0 ? { inSinks } : {};
  }
}

/** How an item is processed. A plain function is called directly: nothing comes between it and its slot. */
function processOf({
  pipeline: { process },
  leases,
}: Pick<ConsumerOptions, 'pipeline' | 'leases'>): (item: unknown, scope: ItemScope) => unknown {
  if (leases) return (item, scope) => leases.run(item, scope);
  return typeof process === 'function' ? (item, scope) => process(item, contextOf(scope)) : (item) => item;
}

/** Items of one delivery. */
interface Batch {
  seq: number;
  origin: number;
  originRun: string;
  frame: Frame;
  attempt: number;
  mode: DeliveryMode;
  items: Intervals;
  announcedTo: number;
}
