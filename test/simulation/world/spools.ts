import { join } from 'node:path';
import { Intervals } from '../../../src/core/intervals.ts';
import { MillraceError } from '../../../src/core/errors.ts';
import type { QueueStart } from '../../../src/core/queue-start.ts';
import { exitCodes } from '../../../src/core/exit-codes.ts';
import { MemoryStore } from '../../../src/queue/memory-store.ts';
import { Spool } from '../../../src/queue/spool/spool.ts';
import { StoreFull, type Group, type Predecessors, type RunRecord, type Store } from '../../../src/queue/store.ts';
import type { WriterRecord, Writers } from '../../../src/queue/spool/writers.ts';

export type WriterBooks = Pick<Writers, 'register' | 'ended' | 'fenced' | 'notEnded' | 'notFenced' | 'forgetOthers'>;

/** A spool as one supervisor has it open. */
export interface OpenSpool {
  readonly store: Store;
  readonly writers: WriterBooks;
  readonly start: QueueStart;
  readonly predecessors: Predecessors;
  /** The run to work on: `last`, or a new one. */
  newRun: (last: RunRecord | undefined) => RunRecord;
  /** The supervisor lets go of it: in order, or because it is no more. */
  close: (how: 'in order' | 'killed') => void;
}

/** The place where the queue is kept: it outlives supervisors. */
export interface SpoolPlace {
  open: () => OpenSpool;
}

/** A spool in memory. */
export class MemorySpool implements SpoolPlace {
  readonly store = new MemoryStore();
  /** All that was committed, in case it is copied; undefined if it never is. */
  readonly #groups: Group[] | undefined;
  #writers = new MemoryWriters();
  /** Of all its starts, the latest first. */
  #starts: readonly { id: string; nextSeq: number }[] = [];
  #ends = new Ends();
  /** Starts of it and of its copies: no two have the same id. */
  #count = { starts: 0 };

  constructor({ isCopied = false }: { isCopied?: boolean } = {}) {
    this.#groups = isCopied ? [] : undefined;
  }

  open(): OpenSpool {
    const nextSeq = this.store.run()?.nextSeq ?? 1;
    this.#starts = [{ id: `start ${++this.#count.starts}`, nextSeq }, ...this.#starts];
    const numbers = this.#starts.map((start) => start.nextSeq);
    return {
      store: storeOn(
        (write) => write(),
        this.store,
        (group) => {
          this.#groups?.push(copyOf(group));
          this.#ends.committed(group);
        },
      ),
      predecessors: this.#ends.opened(),
      writers: this.#writers,
      start: {
        queue: 'queue-1',
        generation: this.#starts.length,
        ids: this.#starts.map(({ id }) => id),
        directory: '/state',
        givenBelow: numbers,
        nextSeq: numbers,
      },
      newRun: (last) => last ?? firstRun,
      close: (how) => this.#ends.closed(how),
    };
  }

  /** Another one that is the same now. */
  copy(): MemorySpool {
    const copy = new MemorySpool({ isCopied: true });
    for (const group of this.#groups!) {
      copy.store.commit(copyOf(group));
      copy.#groups!.push(copyOf(group));
    }
    copy.#writers = this.#writers.copy();
    copy.#starts = this.#starts;
    copy.#ends = this.#ends.copy();
    copy.#count = this.#count;
    return copy;
  }

  /** The same, without anything in its store. */
  emptied(): MemorySpool {
    const emptied = new MemorySpool();
    emptied.#writers = this.#writers;
    emptied.#starts = this.#starts;
    emptied.#ends = this.#ends;
    return emptied;
  }
}

/** How supervisors have let go of a spool in memory. */
class Ends {
  #isClean = true;
  #uncleanStarts = 0;
  #trial: number | null = null;

  opened(): Predecessors {
    this.#uncleanStarts = this.#isClean ? 0 : this.#uncleanStarts + 1;
    if (this.#isClean) this.#trial = null;
    this.#isClean = false;
    return { uncleanStarts: this.#uncleanStarts, trial: this.#trial };
  }

  committed({ progress, retries, retriesGone, trial }: Group): void {
    if (trial !== undefined) this.#trial = trial;
    if (progress.length + retries.length + retriesGone.length > 0) this.#uncleanStarts = 0;
  }

  closed(how: 'in order' | 'killed'): void {
    this.#isClean = how === 'in order';
  }

  copy(): Ends {
    const copy = new Ends();
    copy.#isClean = this.#isClean;
    copy.#uncleanStarts = this.#uncleanStarts;
    copy.#trial = this.#trial;
    return copy;
  }
}

/** A spool in memory that forgets its last commit when its supervisor is killed: what it says is durable is not yet. */
export class LateSpool implements SpoolPlace {
  readonly #onLost: (kept: number) => void;
  #groups: Group[] = [];
  #spool = new MemorySpool();

  constructor(onLost: (kept: number) => void) {
    this.#onLost = onLost;
  }

  open(): OpenSpool {
    const { store, ...spool } = this.#spool.open();
    return {
      ...spool,
      store: storeOn(
        (write) => write(),
        store,
        (group) => this.#groups.push(copyOf(group)),
      ),
      close: (how) => {
        spool.close(how);
        if (how === 'killed' && this.#groups.pop()) this.#rebuild();
      },
    };
  }

  #rebuild(): void {
    this.#spool = this.#spool.emptied();
    for (const group of this.#groups) this.#spool.store.commit(copyOf(group));
    this.#onLost(this.#groups.length);
  }
}

/** As it is now: what is handed in goes on changing before the next commit. */
function copyOf(group: Group): Group {
  const progress = group.progress.map((frame) => ({ ...frame, settled: Intervals.fromFlat(frame.settled.toFlat()) }));
  return { ...group, progress };
}

/** The real one, in `directory`. */
export class SqliteSpool implements SpoolPlace {
  readonly file: string;
  readonly #durability: 'full' | 'normal';

  constructor(directory: string, durability: 'full' | 'normal') {
    this.file = join(directory, 'queue.db');
    this.#durability = durability;
  }

  open(): OpenSpool {
    const spool = Spool.open({ file: this.file, durability: this.#durability });
    return {
      store: spool,
      writers: spool.writers,
      start: spool.start,
      predecessors: spool.predecessors,
      newRun: (last) => last ?? firstRun,
      close: (how) => (how === 'in order' ? spool.close() : spool.abandon()),
    };
  }
}

/** `Writers`, in memory. */
class MemoryWriters implements WriterBooks {
  #rows: (WriterRecord & { isEnded: boolean; isFenced: boolean })[] = [];
  #last = 0;

  register(record: Parameters<Writers['register']>[0]): number {
    this.#rows.push({ ...record, writer: ++this.#last, isEnded: false, isFenced: false });
    return this.#last;
  }

  ended(writer: number, { isClean }: { isClean: boolean }): void {
    for (const row of this.#rows) if (row.writer === writer) Object.assign(row, { isEnded: true, isFenced: isClean });
  }

  fenced(writers: readonly number[]): void {
    for (const row of this.#rows) if (writers.includes(row.writer)) row.isFenced = true;
  }

  notEnded(): WriterRecord[] {
    return this.#rows.filter(({ isEnded }) => !isEnded);
  }

  notFenced(run: string): number[] {
    return this.#rows
      .filter((row) => !row.isFenced && row.isEnded && row.role === 'consumer' && row.run === run)
      .map(({ writer }) => writer);
  }

  copy(): MemoryWriters {
    const copy = new MemoryWriters();
    copy.#rows = this.#rows.map((row) => ({ ...row }));
    copy.#last = this.#last;
    return copy;
  }

  forgetOthers(run: string): void {
    this.#rows = this.#rows.filter((row) => !row.isEnded || row.run === run);
  }
}

/** The disk that a spool is on: it can be full, with a reserve to be given up, and it can break. */
export class Disk {
  /** Commits that there is room for while it is full. */
  #room: number | undefined;
  #isReserved = true;
  /** Less of it is free than is to stay so. */
  isLow = false;
  #breaks: 'not' | 'before the next commit' | 'in the next commit' = 'not';

  get isFull(): boolean {
    return this.#room !== undefined;
  }

  fill(): void {
    this.#room ??= 0;
  }

  makeRoom(): void {
    this.#room = undefined;
    this.#breaks = 'not';
  }

  /** One write fails for good; `isDone`: although it is on the disk. */
  break(isDone: boolean): void {
    this.#breaks = isDone ? 'in the next commit' : 'before the next commit';
  }

  /** Does `write`, as far as the disk lets it. */
  write<T>(write: () => T): T {
    const breaks = this.#breaks;
    this.#breaks = 'not';
    if (breaks === 'before the next commit') throw ioError();
    if (this.#room === 0) throw new StoreFull('no space left');
    if (this.#room !== undefined) this.#room -= 1;
    const result = write();
    if (breaks === 'in the next commit') throw ioError();
    return result;
  }

  /** Space kept back: as `Reserve`, but for the file. */
  readonly reserve = {
    isHeld: true,
    take: (): boolean => {
      if (!this.isFull) this.#isReserved = true;
      this.reserve.isHeld = this.#isReserved;
      return this.#isReserved;
    },
    release: (): void => {
      if (this.#isReserved && this.#room !== undefined) this.#room += 3;
      this.#isReserved = false;
      this.reserve.isHeld = false;
    },
  };
}

function ioError(): MillraceError {
  return new MillraceError('SPOOL', 'the disk failed', { exitCode: exitCodes.io });
}

/** Does a write, or throws. */
type Write = <T>(write: () => T) => T;

/** `store`, written through `write`; `onCommit` hears of each group that is durable now. */
export function storeOn(write: Write, store: Store, onCommit: (group: Group) => void): Store {
  const commit: Store['commit'] = (group) =>
    write(() => {
      store.commit(group);
      onCommit(group);
    });
  return new Proxy(store, {
    get(target, name) {
      if (name === 'commit') return commit;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** `writers`, written through `write`. */
export function writersOn(write: Write, writers: WriterBooks): WriterBooks {
  return {
    register: (record) => write(() => writers.register(record)),
    ended: (writer, how) => write(() => writers.ended(writer, how)),
    fenced: (list) => write(() => writers.fenced(list)),
    notEnded: () => writers.notEnded(),
    notFenced: (run) => writers.notFenced(run),
    forgetOthers: (run) => write(() => writers.forgetOthers(run)),
  };
}

/** The record of a run that has not begun. */
const firstRun: RunRecord = {
  run: 'run-1',
  state: 'running',
  fingerprint: 'version 1',
  position: { cursor: null, count: 0, digest: null },
  nextSeq: 1,
  stored: 0,
  done: 0,
  dead: 0,
  doneElsewhere: 0,
  startedAt: 0,
  finishedAt: null,
  exitCode: null,
};
