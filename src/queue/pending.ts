import type { LimitRecord } from '../core/limit-record.ts';
import { emptyGroup, type FrameProgress, type Group, type PartRecord, type RunRecord, type Store } from './store.ts';

type Changes = Omit<Group, 'run'>;
type Kind = Exclude<keyof Changes, 'progress' | 'trial' | 'limits' | 'confirmedCursor' | 'parts'>;

/** Collects the changes of a queue since its last commit into one group. Also holds the run's record with those changes. */
export class Pending {
  #run: RunRecord;
  #committedRun: RunRecord;
  #changes: Changes = emptyGroup();
  #isDirty = false;

  constructor(run: RunRecord) {
    this.#run = run;
    this.#committedRun = run;
  }

  get run(): Readonly<RunRecord> {
    return this.#run;
  }

  /** The run's record as of the last commit. */
  get committedRun(): Readonly<RunRecord> {
    return this.#committedRun;
  }

  /** There is something to commit. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Items in frames that are not committed. */
  get items(): number {
    return this.#changes.frames.reduce((sum, { frame }) => sum + frame.count, 0);
  }

  /** The seqs of dead letters that are being given back or deleted. */
  get letters(): number[] {
    const { revived, purged } = this.#changes;
    return [...revived.map(({ from }) => from), ...purged];
  }

  add<Of extends Kind>(kind: Of, change: Changes[Of][number]): void {
    (this.#changes[kind] as (typeof change)[]).push(change);
    this.#isDirty = true;
  }

  changeRun(change: Partial<RunRecord>): void {
    this.#run = { ...this.#run, ...change };
    this.#isDirty = true;
  }

  /** Replaces the record of that limit, if one is pending. */
  setLimit(record: LimitRecord): void {
    this.#changes.limits = this.#changes.limits.filter(({ limit }) => limit !== record.limit).concat(record);
    this.#isDirty = true;
  }

  /** Replaces what is pending for that part. */
  setPart(part: PartRecord): void {
    const others = (this.#changes.parts ?? []).filter(
      ({ sink, writer }) => sink !== part.sink || writer !== part.writer,
    );
    this.#changes.parts = [...others, part];
    this.#isDirty = true;
  }

  setTrial(seq: number | null): void {
    this.#changes.trial = seq;
    this.#isDirty = true;
  }

  /** Cursors up to this id are forgotten. */
  confirm(cursor: number): void {
    this.#changes.confirmedCursor = cursor;
    this.#isDirty = true;
  }

  /** Items of stored frames were settled. The frames record which ones. */
  touch(): void {
    this.#isDirty = true;
  }

  /**
   * Makes the changes durable, with the `progress` of stored frames. When space is short, it can leave out what is new
   * (items, cursors, the end of the source, changes of dead letters), which stays pending. Returns the
   * changes that are durable now. Throws as the store does; then everything stays pending.
   */
  commit(store: Store, progress: FrameProgress[], what: 'all' | 'settlements'): Changes {
    const { frames, cursors, revived, purged, ...settlements } = this.#changes;
    const isAll = what === 'all' || frames.length + cursors.length + revived.length + purged.length === 0;
    const run = isAll ? this.#run : withoutNews(this.#run, this.#committedRun, settlements.dead.length);
    const durable = isAll ? this.#changes : { ...emptyGroup(), ...settlements };
    store.commit({ ...durable, run, progress });
    this.#committedRun = run;
    this.#changes = isAll ? emptyGroup() : { ...emptyGroup(), frames, cursors, revived, purged };
    this.#isDirty = !isAll;
    return durable;
  }
}

/**
 * `run` without the changes from the source and from operators since `committed`; `died` items have died since then.
 */
function withoutNews(run: RunRecord, committed: RunRecord, died: number): RunRecord {
  const { state, nextSeq, stored, position, dead } = committed;
  return { ...run, state, nextSeq, stored, position, dead: dead + died };
}
