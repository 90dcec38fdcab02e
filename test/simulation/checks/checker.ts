import { Intervals } from '../../../src/core/intervals.ts';
import { frameFromPayload, type FrameHeader } from '../../../src/frame/frame.ts';
import type { Deliver, FromConsumer, FromProducer, Settle, ToConsumer, ToProducer } from '../../../src/ipc/messages.ts';
import type { Group } from '../../../src/queue/store.ts';
import type { RecordChunk, RecordRun } from '../../../src/sources/port.ts';
import type { Outcome } from '../../../src/supervision/tick/ending.ts';
import { partsOf, type Item, type Row } from '../world/items.ts';
import { deliveryOf, sinkIds, sinksIn } from '../world/others.ts';
import type { Plan } from '../world/plan.ts';
import { digestsOf, idsIn } from '../world/records.ts';
import type { Database } from '../world/server.ts';
import type { Running } from '../world/supervisor.ts';
import type { SinkWatcher } from '../world/sink-watcher.ts';
import {
  bitOf,
  Facts,
  itemKeyOf,
  keyOf,
  type Delta,
  type SeqFacts,
  type SinkFacts,
  type Sinks,
  type WriterFacts,
  type WriterInSink,
} from './facts.ts';
import * as lending from './lending.ts';
import * as limits from './limits.ts';
import * as parts from './parts.ts';
import * as queues from './queue.ts';
import * as runs from './run.ts';
import * as sinks from './sink.ts';
import { claim, Violation } from './violation.ts';

/** How a supervisor may end: cleanly, by giving up, because of its disk, or by force. */
const orderly: readonly number[] = [0, 69, 74, 75];
/** How a supervisor ends if its spool is older than what the sink has seen. */
const refused = 78;

/** What is known about a spool at some moment. */
export interface SpoolSnapshot {
  readonly history: readonly Delta[];
  readonly trial: number | null;
}

/** The part of a child that the checker sees. */
export interface Watched {
  readonly who: { readonly role: 'supervisor' | 'producer' | 'consumer'; readonly ordinal: number };
  readonly isDead: boolean;
  writer: number;
}

/** What is in progress between the supervisor and one child. */
interface Talk {
  /** The ids of the items of each frame that the supervisor has received and not reported as stored (none for `covered`). */
  frames: number[][];
  settles: { done: number[]; failed: number[] }[];
  /** The limit of each requested permit. */
  asked: Map<number, string>;
  /** How many calls are in progress, by limit. */
  calls: Map<string, number>;
  /** The last announced item that runs alone. */
  alone: number | undefined;
}

/**
 * Observes every visible action of processes, spool and sink, and throws a `Violation` as soon as
 * one of PROTOCOL's claims does not hold. It knows nothing about the product except its messages and what it stores.
 */
export class Checker {
  readonly facts: Facts;
  readonly #plan: Plan;
  readonly #now: () => number;
  readonly #databases: () => readonly Readonly<Database>[];
  #talks = new Map<Watched, Talk>();
  readonly #granted = new Map<string, number[]>();
  /** The item that is on trial according to the spool. */
  #trial: number | null = null;
  readonly #frozen = new Map<string, { until: number; isCommitted: boolean }>();
  /** A violation found inside the product's code, where nothing may be thrown. It is thrown at the end of the step. */
  #found: Violation | undefined;
  #hasBeenPutBack = false;
  /** The highest cursor that the source has reported, and the highest up to which it has dealt with settled items. */
  #reported = 0;
  /** Raw records that the source has handed over: digest → the id of the item. */
  readonly #records = new Map<string, number>();
  #dealtWith = 0;
  /** The last cursors that were reported to each producer's source. */
  readonly #reportedTo = new Map<Watched, { stored: number; settled: number }>();

  /** `databases`: the data that the server of each sink has committed. */
  constructor(plan: Plan, now: () => number, databases: () => readonly Readonly<Database>[]) {
    this.#databases = databases;
    this.#plan = plan;
    this.#now = now;
    const ids = sinkIds(plan);
    this.facts = new Facts(sinksIn(plan).map((kind, i) => ({ kind, id: ids[i]! })));
  }

  // ── the channel ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The supervisor sends a message. */
  sent(child: Watched, message: ToProducer | ToConsumer, payload: Buffer): void {
    this.#try(() => {
      const talk = this.#talk(child);
      // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the other messages promise nothing
      switch (message.type) {
        case 'configure':
          if ('writer' in message) this.#configured(child, message.writer);
          break;
        case 'deliver':
          this.#delivered(child, message, payload);
          break;
        case 'stored':
          for (const ids of talk.frames.splice(0, message.frames)) {
            lending.s8StoredIsCommitted(this.facts, ids);
            for (const id of ids) this.facts.toldStored.add(id);
          }
          break;
        case 'settled':
          for (const settle of talk.settles.splice(0, 1)) lending.s8SettledIsCommitted(this.facts, settle);
          break;
        case 'settledTo':
          runs.s20SettledIsCommitted(this.facts, Number(message.cursor));
          break;
        case 'prune':
          lending.s8PrunedIsCommitted(this.facts, message);
          break;
        case 'end':
          runs.s15EndIsCommitted(this.facts);
          break;
        case 'granted':
          this.#grantedTo(talk, message.id);
          break;
        default:
      }
    });
  }

  /** The supervisor receives a message. */
  heard(child: Watched, message: FromProducer | FromConsumer, payload: Buffer): void {
    this.#try(() => {
      const talk = this.#talk(child);
      // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the other messages promise nothing
      switch (message.type) {
        case 'frame':
          talk.frames.push(idsOf(message, payload));
          break;
        case 'covered':
          talk.frames.push([]);
          break;
        case 'settle':
          this.#settled(child.writer, talk, message);
          break;
        case 'start':
          for (const found of this.facts.among(Intervals.fromFlat(message.items))) {
            if (found.lentTo !== child.writer) continue;
            found.announcedBy = child.writer;
            if (found.isAlone) talk.alone = found.seq;
          }
          break;
        case 'givenBack':
          for (const found of this.facts.among(Intervals.fromFlat(message.items))) {
            if (found.lentTo !== child.writer) continue;
            found.lentTo = undefined;
            found.mayHave.delete(child.writer);
          }
          break;
        case 'acquire':
          talk.asked.set(message.id, message.limit);
          break;
        case 'freeze': {
          const until = this.#now() + (message.ms ?? 0);
          const before = this.#frozen.get(message.limit);
          if (!before || before.until < until) this.#frozen.set(message.limit, { until, isCommitted: false });
          break;
        }
        default:
      }
    });
  }

  /** The supervisor learns that the child is gone. */
  exitTold(child: Watched, { isFromOutside }: { isFromOutside: boolean }): void {
    const { alone } = this.#talk(child);
    for (const found of this.facts.seqs.values()) {
      if (found.lentTo !== child.writer) continue;
      found.lentTo = undefined;
      if (found.startedBy === child.writer) this.#killed(found);
      if (found.announcedBy === child.writer) {
        found.deaths += 1;
        if (isFromOutside) found.deathsFromOutside += 1;
      }
      if (found.seq === alone) found.deathsAlone += 1;
      this.#try(() => lending.s12StartedWasAnnounced(found, child.writer));
    }
    this.#talks.delete(child);
  }

  /** The supervisor has ended. */
  supervisorGone(): void {
    // Its consumers died with it, or are killed before anything else happens.
    for (const found of this.facts.seqs.values()) {
      // The item on trial ran by itself, or was about to.
      if (found.lentTo !== undefined || found.seq === this.#trial) found.deaths += 1;
      // Its knowledge of its consumers' deaths is gone, except for what is in the spool.
      found.deathsStarted = 0;
      if (found.seq === this.#trial) found.deathsAlone += 1;
    }
    this.facts.forgetLending();
    this.facts.supervisorsGone += 1;
    // While no supervisor lives, rates and freezes depend on wall-clock time.
    const isClockKept = !this.#plan.faults.includes('wall clock jumps');
    for (const [name, { isCommitted }] of this.#frozen) if (!isCommitted || !isClockKept) this.#frozen.delete(name);
    if (!isClockKept) this.#granted.clear();
    for (const [child] of this.#talks) if (child.isDead) this.#talks.delete(child);
  }

  // ── the children ───────────────────────────────────────────────────────────────────────────────────────────────

  /** It opens a sink. */
  openedAnotherSink(child: Watched): void {
    this.#try(() => {
      throw new Violation('S19', `writer ${child.writer} opens another sink than its supervisor started with`);
    });
  }

  /** The source has reported a cursor: the number of items that it has yielded. */
  cursorReported(cursor: number): void {
    this.#reported = Math.max(this.#reported, cursor);
  }

  /** The source hands these items over, as raw records. */
  recordsRead(items: readonly Item[], chunk: RecordChunk): void {
    for (const [i, digest] of digestsOf(chunk).entries()) this.#records.set(digest, items[i]!.id);
  }

  /** A consumer has decoded raw records, into these items or errors. */
  recordsDecoded(run: RecordRun, items: readonly unknown[]): void {
    this.#try(() => {
      for (const [i, digest] of digestsOf(run).entries()) {
        runs.s21RecordIsAsItWasRead(this.#records.get(digest), items[i]);
      }
    });
  }

  /** The source learns that everything up to a cursor is stored. */
  sourceHeardStored(child: Watched, cursor: number): void {
    this.#try(() => {
      const reported = this.#reportsTo(child);
      runs.s20StoredIsCommitted(this.facts, cursor);
      runs.s20InOrder('stored', reported.stored + 1, cursor);
      reported.stored = cursor;
    });
  }

  /** The source has dealt with everything up to a cursor: the data behind these items may be gone. */
  sourceSettled(child: Watched, cursor: number): void {
    this.#try(() => {
      const reported = this.#reportsTo(child);
      runs.s20SettledIsCommitted(this.facts, cursor);
      runs.s20InOrder('settled', reported.settled, cursor);
      reported.settled = cursor;
      this.#dealtWith = Math.max(this.#dealtWith, cursor);
    });
  }

  #reportsTo(child: Watched): { stored: number; settled: number } {
    const reported = this.#reportedTo.get(child) ?? { stored: 0, settled: 0 };
    this.#reportedTo.set(child, reported);
    return reported;
  }

  /** It starts to process an item. */
  started(child: Watched, item: Item, seq: number, attempt: number): void {
    this.#try(() => {
      const found = this.facts.seq(seq);
      const self = this.facts.writers.get(child.writer);
      claim(
        'S8',
        found?.id === item.id,
        () => `seq ${seq} is processed as item ${item.id}; the spool has item ${found?.id}`,
      );
      found!.startedBy = child.writer;
      lending.s12AttemptsAreFailures(found!, attempt, this.#plan.attempts);
      lending.s10OthersAreBarredAndAsked(this.facts, found!, self!);
    });
  }

  /** It calls a vendor. */
  callBegan(child: Watched, limit: string): void {
    const { calls } = this.#talk(child);
    calls.set(limit, (calls.get(limit) ?? 0) + 1);
    this.#try(() => {
      let all = 0;
      for (const [other, talk] of this.#talks) {
        if (!other.isDead) all += talk.calls.get(limit) ?? 0;
      }
      if (this.#plan.orphans !== 'cannot be killed') limits.s13CallsAtATime(limit, this.#plan.limits[limit]!, all);
    });
  }

  callEnded(child: Watched, limit: string): void {
    const { calls } = this.#talk(child);
    calls.set(limit, calls.get(limit)! - 1);
  }

  // ── the spool ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** A group has become durable. */
  committedGroup(group: Group, isGone: boolean): void {
    this.#try(() => {
      runs.s18TheDeadDoNotCommit(isGone);
      const { facts } = this;
      const before = new Map([...facts.seqs.values()].map(({ seq, state }) => [seq, state]));
      const { frames, revived } = facts.committed(group);
      for (const { seq } of revived) {
        queues.s6SeqIsGivenOnce(facts, seq, facts.seq(seq)!.id);
        facts.given.set(seq, facts.seq(seq)!.id);
      }
      for (const { limit } of group.limits) {
        const frozen = this.#frozen.get(limit);
        if (frozen) frozen.isCommitted = true;
      }
      for (const { first, ids } of frames) {
        ids.forEach((id, i) => {
          queues.s6SeqIsGivenOnce(facts, first + i, id);
          facts.given.set(first + i, id);
        });
      }
      queues.s5SourceIsStoredInOrder(
        facts,
        this.#plan,
        frames.flatMap(({ ids }) => ids),
      );
      const changed = [...facts.seqs.values()].filter(({ seq, state }) => before.get(seq) !== state && before.has(seq));
      const seqs = changed.map(({ seq }) => seq);
      sinks.s3DoneIsInTheSink(facts, seqs);
      sinks.s2LettersNameWhoHasIt(facts, seqs);
      this.#checkParts();
      for (const found of changed) {
        if (found.state === 'done') lending.s9DoneWasSettled(found);
        found.verdict = undefined;
      }
      // A retry that failed again remains a retry.
      if (group.trial !== undefined) this.#trial = group.trial;
      for (const { seq, kills, attempt } of group.retries) {
        const found = this.facts.seq(seq)!;
        found.verdict = undefined;
        lending.s12RetriesAreCounted(facts, found, { kills, attempt });
      }
    });
  }

  // ── the sinks ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Returns the watcher of the sink with this number. */
  watcherOf(sink: number): SinkWatcher {
    const { facts } = this;
    const inSink = (writer: number): WriterInSink | undefined => facts.writers.get(writer)?.sinks[sink];
    return {
      committed: (writer, seqs, rows) => this.#committed(sink, { writer, seqs, rows }),
      barred: (writers) => {
        const at = facts.tick();
        for (const writer of writers) {
          const known = inSink(writer);
          if (known) known.barredAt ??= at;
        }
      },
      fenced: (by, _writers, highest) => {
        const self = inSink(by);
        if (self) self.highest = { at: facts.tick(), value: highest };
      },
      asked: (by, [from, to]) => {
        const at = facts.tick();
        for (let seq = from; seq <= to; seq++) inSink(by)?.asked.set(seq, at);
      },
      pruned: (request, gone, left) => {
        this.#try(() => {
          sinks.s11PruneTakesWhatIsSettled(facts, sink, { gone, left }, request);
          for (const found of facts.among(gone)) found.prunedFrom |= bitOf(sink);
        });
      },
      overlapped: (writer, seqs) => {
        this.#try(() => {
          claim(
            'S11',
            false,
            () => `writer ${writer} writes ${seqs.toFlat().join('–')}, and the ledger already has some of them`,
          );
        });
      },
      finishing: (ends) => this.#try(() => parts.s16FinishComesLast(facts, facts.sinks[sink]!.id, ends)),
    };
  }

  #committed(sink: number, { writer, seqs, rows }: { writer: number; seqs: Intervals; rows: readonly Row[] }): void {
    this.#try(() => {
      const { facts } = this;
      const delivery = deliveryOf(facts.sinks[sink]!.kind);
      const known = [...facts.among(seqs)];
      sinks.s22GivenBackSkipsWhoHasIt(facts, sink, known);
      // These rows count only when their items are settled.
      if (delivery === 'part') return;
      addRows(facts.sinks[sink]!, rows);
      for (const found of known) found.inSinks |= bitOf(sink);
      if (delivery !== 'transaction') return;
      sinks.s1EachResultOnce(facts, sink, rows, this.#plan);
      sinks.s2LettersNameWhoHasIt(
        facts,
        known.map(({ seq }) => seq),
      );
      sinks.s9NothingOfABarredWriter(facts, sink, writer, seqs);
    });
  }

  /** Compares the parts of a sink with the settled items, after a commit of the spool. */
  #checkParts(): void {
    const { facts } = this;
    for (const [sink, { id, kind, ...has }] of facts.sinks.entries()) {
      if (deliveryOf(kind) !== 'part') continue;
      const rows = parts.rowsBefore(parts.settledEnds(facts, id), this.#databases()[sink]!.parts);
      parts.s16PartsHoldWhatIsSettled(facts, rows, (found) => this.#rowsOf(found, bitOf(sink)));
      has.rows.clear();
      for (const row of rows) has.rows.set(keyOf(row), 1);
    }
  }

  /** The rows that a sink must have for an item that is done under this seq. */
  #rowsOf({ seq, id, skips }: SeqFacts, sink: Sinks): Row[] {
    const names = (skips & sink) === 0 ? (partsOf(this.#plan.items[id]!) ?? []) : [];
    return names.map((part) => ({ seq, id, part }));
  }

  /** The spool has forgotten all except its first `kept` commits. */
  spoolLost(kept: number): void {
    this.facts.rollBackTo(kept);
    this.#try(() => queues.s4StoredStaysStored(this.facts));
  }

  /** Records the state of the spool now, so that it can be put back later. */
  snapshot(): SpoolSnapshot {
    return { history: this.facts.history, trial: this.#trial };
  }

  /**
   * Another state of the spool was put in its place. All processes have ended, and none of their work is in progress any
   * more. The knowledge of the replaced spool's limits is lost, and so is everything that was stored only there.
   */
  putBack({ history, trial }: SpoolSnapshot): void {
    const { facts } = this;
    this.#hasBeenPutBack = true;
    facts.replay(history);
    this.#trial = trial;
    for (const found of facts.seqs.values()) {
      found.mayHave.clear();
      // If the ledger is asked about it, the sink must refuse.
      found.prunedFrom = 0;
      // Writer ids are assigned again.
      Object.assign(found, { isAlone: false, announcedBy: undefined, startedBy: undefined, deathsStarted: 0 });
      if (found.seq === trial) {
        found.deaths += 1;
        found.deathsAlone += 1;
      }
    }
    const stored = new Set(facts.stored);
    for (const id of facts.toldStored) if (!stored.has(id)) facts.toldStored.delete(id);
    facts.given.clear();
    for (const { seq, id } of facts.seqs.values()) facts.given.set(seq, id);
    this.#granted.clear();
    this.#frozen.clear();
  }

  /** A sink has lost everything that was not on its disk. */
  sinkLost(sink: number, { rows, seqs }: Database): void {
    const { facts } = this;
    const has = facts.sinks[sink]!;
    if (deliveryOf(has.kind) === 'part') return;
    has.rows.clear();
    has.rowsOfItems.clear();
    addRows(has, rows);
    for (const found of facts.seqs.values()) {
      // The sink still has an item that it had under an earlier seq.
      const isThere = seqs.has(found.seq) || (found.skips & bitOf(sink)) !== 0;
      found.inSinks = isThere ? found.inSinks | bitOf(sink) : found.inSinks & ~bitOf(sink);
    }
    this.#try(() => sinks.s3DoneIsInTheSink(facts, facts.seqs.keys()));
  }

  // ── after every step ───────────────────────────────────────────────────────────────────────────────────────────

  afterStep(running: Running | undefined): void {
    const found = this.#found;
    if (found) throw found;
    for (const { ledger } of this.#databases()) sinks.s11LedgerIsDisjoint(ledger);
    if (!running) return;
    const { queue, store, service, stats } = running;
    queues.s4EachItemIsInOnePlace(this.facts, queue, stats());
    queues.s14QueueIsBounded(this.facts, this.#plan, { queue, stats: stats(), store });
    // Reading the status takes longer than everything else here.
    if (this.facts.tick() % 32 === 0) runs.s17WaitingHasAReason(service.status);
  }

  /** A supervisor has ended by itself. */
  ended(outcome: Outcome, snapshot: readonly { name: string; held: number }[]): void {
    this.#try(() => {
      const code = outcome.error?.exitCode ?? 0;
      // The file was edited after the start and before its children read it.
      const mayBeRefused = this.#hasBeenPutBack || this.#plan.faults.includes('edit');
      if (!orderly.includes(code) && !(code === refused && mayBeRefused))
        throw new Violation('S17', `the supervisor gave up: ${outcome.error?.message}`);
      if (outcome.error || this.facts.run?.state !== 'finished') return;
      runs.s15FinishedIsCommitted(this.facts, outcome);
      for (const [sink, { id, kind }] of this.facts.sinks.entries()) {
        if (deliveryOf(kind) !== 'part') continue;
        const database = this.#databases()[sink]!;
        const settled = parts.rowsBefore(parts.settledEnds(this.facts, id), database.parts);
        parts.s16FinishedIsPublished(id, database.published, settled);
      }
      if (this.#plan.settles) runs.s20AllIsDealtWith(this.#dealtWith, this.#reported);
      for (const { name, held } of snapshot) limits.s13NothingIsHeldAtTheEnd(name, held);
    });
  }

  // ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A consumer that had started this item died. */
  #killed(found: SeqFacts): void {
    found.deathsStarted += 1;
    this.#try(() => lending.s12KillersAreFound(found, this.#plan));
  }

  #configured(child: Watched, writer: number): void {
    child.writer = writer;
    const facts: WriterFacts = {
      writer,
      isAlive: () => !child.isDead,
      sinks: this.facts.sinks.map(() => ({ barredAt: undefined, highest: undefined, asked: new Map() })),
      others: new Map(),
    };
    this.facts.writers.set(writer, facts);
  }

  #delivered(child: Watched, message: Deliver, payload: Buffer): void {
    const { writer } = child;
    idsOf(message, payload).forEach((id, i) => {
      const seq = message.seq + i;
      const found = this.facts.seq(seq);
      lending.s8DeliveredIsCommitted(found, seq, id);
      lending.s7LentToOneAtATime(this.facts, found!, writer, {
        orphansCanLive: this.#plan.orphans === 'cannot be killed',
      });
      lending.s11PrunedIsNotDelivered(found!);
      if (message.mode === 'alone') lending.s12IsolatedWasStarted(this.facts, found!);
      this.facts.writers.get(writer)?.others.set(seq, [...found!.mayHave]);
      Object.assign(found!, {
        lentTo: writer,
        startedBy: undefined,
        announcedBy: i < message.free ? writer : undefined,
        isAlone: message.mode === 'alone',
      });
      found!.mayHave.add(writer);
    });
  }

  #settled(writer: number, talk: Talk, { done, failed }: Settle): void {
    const seqs = { done: [] as number[], failed: [] as number[] };
    for (const found of this.facts.among(Intervals.fromFlat(done))) {
      if (found.lentTo !== writer) continue;
      Object.assign(found, { lentTo: undefined, verdict: 'done' });
      seqs.done.push(found.seq);
    }
    for (const { seq, verdict, outside } of failed) {
      const found = this.facts.seq(seq);
      if (found?.lentTo !== writer) continue;
      const self = this.facts.writers.get(writer);
      if (verdict === 'absent' && self) lending.s10OthersAreBarredAndAsked(this.facts, found, self);
      Object.assign(found, { lentTo: undefined, verdict: 'failed' });
      // It ended and its process survived, so it is cleared.
      found.deathsStarted = 0;
      if (verdict === 'retry') found.failures += 1;
      if (verdict === 'later' && outside) found.outages += 1;
      found.mayHave.delete(writer);
      // The writer asked after those writers were barred, and the sink answered that it does not have the item.
      for (const other of this.facts.writers.get(writer)?.others.get(seq) ?? []) found.mayHave.delete(other);
      seqs.failed.push(seq);
    }
    talk.settles.push(seqs);
  }

  #grantedTo(talk: Talk, id: number): void {
    const name = talk.asked.get(id);
    const spec = name === undefined ? undefined : this.#plan.limits[name];
    if (name === undefined || !spec) return;
    const granted = this.#granted.get(name) ?? [];
    this.#granted.set(name, granted);
    granted.push(this.#now());
    limits.s13GrantsInAPeriod(name, spec, granted);
    limits.s13NoGrantInAFreeze(name, this.#now(), this.#frozen.get(name)?.until ?? 0);
  }

  #talk(child: Watched): Talk {
    const talk = this.#talks.get(child) ?? {
      frames: [],
      settles: [],
      asked: new Map(),
      calls: new Map(),
      alone: undefined,
    };
    this.#talks.set(child, talk);
    return talk;
  }

  #try(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#found ??= error;
    }
  }
}

function addRows({ rows: counts, rowsOfItems }: SinkFacts, rows: readonly Row[]): void {
  for (const row of rows) {
    counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
    rowsOfItems.set(itemKeyOf(row), (rowsOfItems.get(itemKeyOf(row)) ?? 0) + 1);
  }
}

function idsOf(header: FrameHeader, payload: Buffer): number[] {
  const { count, shapes, base } = header;
  const frame = frameFromPayload({ count, shapes, base }, payload);
  return idsIn(frame);
}
