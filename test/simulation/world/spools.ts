import { join } from 'node:path';
import { MillraceError } from '../../../src/core/errors.ts';
import { exitCodes } from '../../../src/core/exit-codes.ts';
import { MemorySpool } from '../../../src/queue/memory-spool.ts';
import type { MemoryStore } from '../../../src/queue/memory-store.ts';
import type { OpenSpool } from '../../../src/queue/open-spool.ts';
import { Spool } from '../../../src/queue/spool/spool.ts';
import { StoreFull, type Group, type Store } from '../../../src/queue/store.ts';
import type { Writers } from '../../../src/queue/writers.ts';

/** The place where the queue is kept: it outlives supervisors. */
export interface SpoolPlace {
  open: () => OpenSpool;
}

/** A spool in memory that forgets its last commit when its supervisor is killed: it reports a commit as durable too early. */
export class LateSpool implements SpoolPlace {
  readonly #onLost: (kept: number) => void;
  #spool = new MemorySpool();
  #commits = 0;
  /** The store before the last commit; undefined if that commit is lost already. */
  #before: MemoryStore | undefined;

  constructor(onLost: (kept: number) => void) {
    this.#onLost = onLost;
  }

  open(): OpenSpool {
    const spool = this.#spool.open();
    const { store } = this.#spool;
    const write: Write = (commit) => {
      const before = store.copy();
      const result = commit();
      this.#before = before;
      this.#commits += 1;
      return result;
    };
    return {
      ...spool,
      store: storeOn(write, store, () => undefined),
      abandon: () => {
        spool.abandon();
        if (!this.#before) return;
        this.#spool = this.#spool.copy(this.#before);
        this.#before = undefined;
        this.#commits -= 1;
        this.#onLost(this.#commits);
      },
    };
  }
}

/** The real spool, in `directory`. */
export class SqliteSpool implements SpoolPlace {
  readonly file: string;
  readonly #durability: 'full' | 'normal';

  constructor(directory: string, durability: 'full' | 'normal') {
    this.file = join(directory, 'queue.db');
    this.#durability = durability;
  }

  open(): OpenSpool {
    return Spool.open({ file: this.file, durability: this.#durability });
  }
}

/** The disk of a spool: it can be full, with a reserve to give up, and it can break. */
export class Disk {
  /** How many more commits fit while it is full. */
  #commitsLeft: number | undefined;
  #isReserved = true;
  /** Less space is free than must stay free. */
  isLow = false;
  #breaks: 'not' | 'before the next commit' | 'in the next commit' = 'not';

  get isFull(): boolean {
    return this.#commitsLeft !== undefined;
  }

  fill(): void {
    this.#commitsLeft ??= 0;
  }

  makeSpace(): void {
    this.#commitsLeft = undefined;
    this.#breaks = 'not';
  }

  /** One write fails for good. `isDone`: the data is on the disk nevertheless. */
  break(isDone: boolean): void {
    this.#breaks = isDone ? 'in the next commit' : 'before the next commit';
  }

  /** Does `write` if the disk allows it. */
  write<T>(write: () => T): T {
    const breaks = this.#breaks;
    this.#breaks = 'not';
    if (breaks === 'before the next commit') throw ioError();
    if (this.#commitsLeft === 0) throw new StoreFull('no space left');
    if (this.#commitsLeft !== undefined) this.#commitsLeft -= 1;
    const result = write();
    if (breaks === 'in the next commit') throw ioError();
    return result;
  }

  /** Reserved space, like `Reserve`, but without the file. */
  readonly reserve = {
    isHeld: true,
    take: (): boolean => {
      if (!this.isFull) this.#isReserved = true;
      this.reserve.isHeld = this.#isReserved;
      return this.#isReserved;
    },
    release: (): void => {
      if (this.#isReserved && this.#commitsLeft !== undefined) this.#commitsLeft += 3;
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

/** `store`, written through `write`. `onCommit` is called with each durable group. */
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
export function writersOn(write: Write, writers: Writers): Writers {
  return {
    register: (record) => write(() => writers.register(record)),
    hasPredecessor: (writer) => writers.hasPredecessor(writer),
    ended: (writer, how) => write(() => writers.ended(writer, how)),
    fenced: (list) => write(() => writers.fenced(list)),
    notEnded: () => writers.notEnded(),
    notFenced: (run) => writers.notFenced(run),
    forgetOthers: (run) => write(() => writers.forgetOthers(run)),
  };
}
