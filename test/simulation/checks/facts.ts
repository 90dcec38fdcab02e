import { Intervals } from '../../../src/core/intervals.ts';
import type { Group, PartRecord, RunRecord } from '../../../src/queue/store.ts';
import type { Row } from '../world/items.ts';
import type { SinkKind } from '../world/plan.ts';
import { idsIn } from '../world/records.ts';

/** The facts about a seq, known only from the stored data, the messages, and the actions of the sink. */
export interface SeqFacts {
  readonly seq: number;
  readonly id: number;
  /** Its state in the spool; a dead letter that an operator has given back continues under another seq. */
  state: 'queued' | 'retry' | 'done' | 'dead' | 'given back' | 'purged';
  /** The writer that it is lent to, according to the messages of this supervisor. */
  lentTo: number | undefined;
  /** Writers that received it and have not given it back or failed at it. */
  readonly mayHave: Set<number>;
  /** The supervisor has received its outcome and has not committed it yet. */
  verdict: 'done' | 'failed' | undefined;
  /** It was last lent to run alone. */
  isAlone: boolean;
  /** The writer that may have started it, as far as the supervisor can know. */
  announcedBy: number | undefined;
  /** The writer that has started it. */
  startedBy: number | undefined;
  /** How often a consumer that might have started it has died. */
  deaths: number;
  /** How many of those deaths were SIGKILLs that did not come from the supervisor. */
  deathsFromOutside: number;
  /** How often a consumer has died whose last announced item, to run alone, was this one. */
  deathsAlone: number;
  /** How often a consumer that had started it has died, since the supervisor started or the item failed. */
  deathsStarted: number;
  /** How many failures have used an attempt so far. */
  failures: number;
  /** How often it has failed as in an outage. */
  outages: number;
  /** The sinks that have it. */
  inSinks: Sinks;
  /** The sinks whose ledger has forgotten it. */
  prunedFrom: Sinks;
  /** Of a dead letter: the sinks that have it according to the letter. */
  named: Sinks;
  /** Of a dead letter that was given back: its previous seq. */
  from: number | undefined;
  /** The sinks that already had it then and do not get it again. */
  skips: Sinks;
}

/** Some of the sinks, as a set of bits: the first sink is 1, the second 2, the third 4. */
export type Sinks = number;

export function bitOf(sink: number): Sinks {
  return 1 << sink;
}

/** The content of a sink. */
export interface SinkFacts {
  /** Its id in dead letters and parts. */
  readonly id: string;
  readonly kind: SinkKind;
  /** How often it has each row. */
  readonly rows: Map<string, number>;
  /** The number of rows by item. */
  readonly rowsOfItems: Map<string, number>;
}

/** What a writer has done in one of the sinks. */
export interface WriterInSink {
  barredAt: number | undefined;
  /** The ledger's highest seq, as it was reported, and when. */
  highest: { at: number; value: number } | undefined;
  /** When it asked the ledger for a seq. */
  readonly asked: Map<number, number>;
}

export interface WriterFacts {
  readonly writer: number;
  readonly isAlive: () => boolean;
  /** By sink. */
  readonly sinks: readonly WriterInSink[];
  /** The writers that may have had a seq when it was lent to this one. */
  readonly others: Map<number, readonly number[]>;
}

/** A commit, as a change of the known facts. */
export interface Delta {
  readonly run: RunRecord;
  readonly frames: readonly { first: number; ids: readonly number[] }[];
  readonly settled: readonly (readonly [number, number])[];
  readonly retries: readonly number[];
  readonly gone: readonly number[];
  readonly dead: readonly { seq: number; named: readonly string[] }[];
  readonly parts: readonly PartRecord[];
  readonly revived: readonly { from: number; seq: number }[];
  readonly purged: readonly number[];
}

/**
 * Everything that has happened, as an outsider could know it. The claims are checked against this, not against the
 * product's own bookkeeping.
 */
export class Facts {
  readonly seqs = new Map<number, SeqFacts>();
  readonly writers = new Map<number, WriterFacts>();
  readonly sinks: readonly SinkFacts[];
  /** Where each writer's part ends according to the spool, by sink and writer. */
  readonly parts = new Map<string, PartRecord>();
  /** Every seq that was ever assigned, and its item: not even a power loss undoes that. */
  readonly given = new Map<number, number>();
  /** The ids of the items that were reported to the producer as stored. */
  readonly toldStored = new Set<number>();
  /** The ids of the items that are stored, in the order of their seqs. */
  stored: number[] = [];
  run: RunRecord | undefined;
  /** How many dead letters have been given back. */
  givenBack = 0;
  /** How many supervisors have ended. */
  supervisorsGone = 0;
  #deltas: Delta[] = [];
  /** All commits, including those that the spool has forgotten. */
  readonly #ever = new Map<string, SeqFacts>();
  #time = 0;

  /** `sinks`: in their order. */
  constructor(sinks: readonly Pick<SinkFacts, 'id' | 'kind'>[]) {
    this.sinks = sinks.map((sink) => ({ ...sink, rows: new Map(), rowsOfItems: new Map() }));
  }

  /** Whether a sink has this part of an item's result, perhaps since before the item was given back. */
  hasRow(sink: number, { seq, from }: Pick<SeqFacts, 'seq' | 'from'>, part: string): boolean {
    if ((this.sinks[sink]!.rows.get(`${seq}.${part}`) ?? 0) > 0) return true;
    const before = from === undefined ? undefined : this.seqs.get(from);
    return before !== undefined && this.hasRow(sink, before, part);
  }

  /** A moment after all earlier ones. */
  tick(): number {
    return ++this.#time;
  }

  seq(seq: number): SeqFacts | undefined {
    return this.seqs.get(seq);
  }

  /** The stored items of `intervals`. */
  *among(intervals: Iterable<readonly [number, number]>): Generator<SeqFacts> {
    for (const [from, to] of intervals) {
      for (let seq = from; seq <= to; seq++) {
        const facts = this.seqs.get(seq);
        if (facts) yield facts;
      }
    }
  }

  /** The items that are neither done nor dead. */
  *open(): Generator<SeqFacts> {
    for (const facts of this.seqs.values()) if (facts.state === 'queued' || facts.state === 'retry') yield facts;
  }

  /** Adds a commit of the spool. Returns what it stored and settled. */
  committed(group: Group): Delta {
    const delta = deltaOf(group);
    this.#deltas.push(delta);
    this.#apply(delta);
    return delta;
  }

  get commits(): number {
    return this.#deltas.length;
  }

  /** The spool has forgotten all except its first `count` commits. */
  rollBackTo(count: number): void {
    this.replay(this.#deltas.slice(0, count));
  }

  /** All commits that the spool has. */
  get history(): readonly Delta[] {
    return [...this.#deltas];
  }

  /** The spool now has exactly these commits. */
  replay(kept: readonly Delta[]): void {
    this.#deltas = [];
    this.stored = [];
    this.run = undefined;
    this.parts.clear();
    for (const facts of this.seqs.values())
      this.#ever.set(placeOf(facts), withHistory(facts, this.#ever.get(placeOf(facts))));
    const before = this.#ever;
    this.seqs.clear();
    for (const delta of kept) {
      this.#deltas.push(delta);
      this.#apply(delta, before);
    }
    this.forgetLending();
  }

  /** The supervisor has ended, and with it the record of lent items. */
  forgetLending(): void {
    for (const facts of this.seqs.values()) {
      facts.lentTo = undefined;
      facts.verdict = undefined;
    }
  }

  #apply(
    { run, frames, settled, retries, gone, dead, parts, revived, purged }: Delta,
    before?: ReadonlyMap<string, SeqFacts>,
  ): void {
    this.run = run;
    for (const { first, ids } of frames) {
      ids.forEach((id, index) => {
        const seq = first + index;
        this.stored.push(id);
        const known = before?.get(placeOf({ seq, id }));
        const facts: SeqFacts = known ? { ...known, state: 'queued' } : newSeq(seq, id);
        this.seqs.set(seq, facts);
      });
    }
    for (const facts of this.among(settled)) if (facts.state === 'queued') facts.state = 'done';
    for (const seq of gone) this.#set(seq, 'done');
    for (const seq of retries) this.#set(seq, 'retry');
    for (const { seq, named } of dead) {
      this.#set(seq, 'dead');
      const facts = this.seqs.get(seq);
      if (facts) facts.named = this.#bitsOf(named);
    }
    for (const part of parts) this.parts.set(`${part.sink} ${part.writer}`, part);
    for (const seq of purged) this.#set(seq, 'purged');
    for (const { from, seq } of revived) {
      const { id, named } = this.seqs.get(from)!;
      this.#set(from, 'given back');
      const facts = before?.get(placeOf({ seq, id })) ?? newSeq(seq, id);
      // Sinks that had the item still have it.
      this.seqs.set(seq, { ...facts, state: 'retry', from, skips: named, inSinks: facts.inSinks | named });
      this.givenBack += 1;
    }
  }

  #bitsOf(ids: readonly string[]): Sinks {
    return ids.reduce((bits, id) => bits | bitOf(this.sinks.findIndex((sink) => sink.id === id)), 0);
  }

  #set(seq: number, state: SeqFacts['state']): void {
    const facts = this.seqs.get(seq);
    if (facts) facts.state = state;
  }
}

export function keyOf({ seq, part }: Row): string {
  return `${seq}.${part}`;
}

export function itemKeyOf({ id, part }: Row): string {
  return `${id}.${part}`;
}

/** An item under a seq: a spool that has forgotten the seq may assign it to another item. */
function placeOf({ seq, id }: Pick<SeqFacts, 'seq' | 'id'>): string {
  return `${seq}.${id}`;
}

/** `facts`, together with what had happened to the same item before the spool forgot it. */
function withHistory(facts: SeqFacts, before: SeqFacts | undefined): SeqFacts {
  if (!before) return facts;
  return {
    ...facts,
    deaths: Math.max(facts.deaths, before.deaths),
    deathsFromOutside: Math.max(facts.deathsFromOutside, before.deathsFromOutside),
    deathsAlone: Math.max(facts.deathsAlone, before.deathsAlone),
    failures: Math.max(facts.failures, before.failures),
    inSinks: facts.inSinks | before.inSinks,
  };
}

function newSeq(seq: number, id: number): SeqFacts {
  return {
    seq,
    id,
    state: 'queued',
    lentTo: undefined,
    mayHave: new Set(),
    verdict: undefined,
    isAlone: false,
    announcedBy: undefined,
    startedBy: undefined,
    deaths: 0,
    deathsFromOutside: 0,
    deathsAlone: 0,
    deathsStarted: 0,
    failures: 0,
    outages: 0,
    inSinks: 0,
    prunedFrom: 0,
    named: 0,
    from: undefined,
    skips: 0,
  };
}

function deltaOf({ run, frames, progress, retries, retriesGone, dead, parts = [], revived, purged }: Group): Delta {
  const settled = new Intervals();
  for (const { settled: some } of progress) for (const [from, to] of some) settled.add(from, to);
  return {
    run: { ...run },
    frames: frames.map(({ first, frame }) => ({
      first,
      ids: idsIn(frame),
    })),
    settled: [...settled],
    retries: retries.map(({ seq }) => seq),
    gone: [...retriesGone],
    dead: dead.map(({ seq, inSinks = [] }) => ({ seq, named: inSinks })),
    parts,
    revived: revived.map(({ from, seq }) => ({ from, seq })),
    purged: [...purged],
  };
}
