import type { Forgotten } from '../../../src/ledger/forgotten.ts';
import type { SeenStart } from '../../../src/ledger/older-queue.ts';
import { OutcomeUnknown, type Prepared } from '../../../src/sinks/port.ts';
import type { Row } from './items.ts';

/** A connected process. Its transactions may outlive it. */
export interface Client {
  readonly writer: number;
  readonly name: string;
  readonly isDead: boolean;
  /** It takes an externally visible action. Returns false if it is dead. */
  acts: () => boolean;
}

/** A connection of a process. When it is closed, its open transactions are abandoned, as if the process were gone. */
export function connect(client: Client): { connection: Client; close: () => Promise<void> } {
  let isClosed = false;
  return {
    connection: {
      writer: client.writer,
      name: client.name,
      get isDead() {
        return isClosed || client.isDead;
      },
      acts: () => !isClosed && client.acts(),
    },
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
}

export interface LedgerRow {
  run: string;
  from: number;
  to: number;
}

/** The committed data. */
export interface Database {
  rows: Row[];
  ledger: LedgerRow[];
  /** Sessions by writer; -1 if barred. */
  writers: Map<number, number>;
  /** For each queue: the start that last wrote here, and what the ledger may have forgotten. */
  queues: Map<string, SeenStart & { forgotten: Forgotten }>;
  /** Every seq whose results have ever been written; only for the checker. */
  seqs: Set<number>;
  /** Of a sink of parts: what each writer's part holds. */
  parts: Map<number, Row[]>;
  /** Of a sink of parts: what its `finish` has published. */
  published: Row[] | undefined;
}

/** The work of a transaction. */
export interface Work<T> {
  what: string;
  /** The writers whose rows it changes. Transactions that change the same rows wait for each other. */
  locks: readonly number[];
  /** Reads the committed data. Returns its result and the changes of its commit. Throws to be rolled back. */
  run: (database: Readonly<Database>) => { result: T; change?: (database: Database) => void };
  /** Called when it is committed. */
  onCommit?: () => void;
}

interface Transaction {
  readonly client: Client;
  readonly work: Work<unknown>;
  /** `held`: begun, and waiting for its client to decide; `to be undone`: the client has decided to roll it back. */
  phase: 'sent' | 'begun' | 'held' | 'to be undone' | 'to be answered';
  /** It is committed only when its client requests that. */
  readonly isHeld: boolean;
  change: ((database: Database) => void) | undefined;
  answer: () => void;
  /** Settle the request that the client is waiting for. */
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  isConnected: boolean;
}

type Answer = Pick<Transaction, 'resolve' | 'reject'>;

/**
 * A database server in memory. A transaction is sent, begun when it has its locks, committed, and answered, each step
 * when the schedule decides. All steps except the last also happen if its client is gone. READ COMMITTED: it reads the
 * data that is committed when it begins. Only rows of writers are ever locked.
 */
export class Server {
  database = emptyDatabase();
  /** It accepts no connections and answers nothing. */
  isOut = false;
  readonly #tell: (who: string, what: string) => void;
  readonly name: string;
  /** Whether a commit is on the disk when it is answered. */
  readonly #isSynced: boolean;
  #open: Transaction[] = [];
  /** Changes that are committed but may not be on the disk yet, and the data that certainly is. */
  #unsynced: ((database: Database) => void)[] = [];
  #synced: ((database: Database) => void)[] = [];

  constructor(
    tell: (who: string, what: string) => void,
    { isSynced, name = 'server' }: { isSynced: boolean; name?: string },
  ) {
    this.#tell = tell;
    this.name = name;
    this.#isSynced = isSynced;
  }

  /** Sends a transaction. Settles with its outcome, or rejects with `OutcomeUnknown`. Never settles for a dead client. */
  transact<T>(client: Client, work: Work<T>): Promise<T> {
    return this.#send<T>(client, work, false);
  }

  /** Sends a transaction that waits, when it has been begun, until its client commits it or rolls it back. */
  async prepare(client: Client, work: Work<void>): Promise<Prepared> {
    const transaction = await this.#send<Transaction>(client, work, true);
    return {
      commit: () => this.#decide(transaction, 'begun', 'commits'),
      rollback: () => this.#decide(transaction, 'to be undone', 'rolls back'),
    };
  }

  #send<T>(client: Client, work: Work<unknown>, isHeld: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!client.acts()) return;
      if (this.isOut) return reject(new Error('the server takes no connections'));
      this.#tell(client.name, `sends: ${work.what}`);
      this.#open.push({
        client,
        work,
        phase: 'sent',
        isHeld,
        change: undefined,
        answer: () => undefined,
        resolve: resolve as (result: unknown) => void,
        reject,
        isConnected: true,
      });
    });
  }

  #decide(transaction: Transaction, phase: 'begun' | 'to be undone', verb: string): Promise<void> {
    const { client, work } = transaction;
    return new Promise<void>((resolve, reject) => {
      if (!client.acts()) return;
      // Its client cannot know whether the server noticed before or after that.
      if (!transaction.isConnected) return reject(new OutcomeUnknown('the connection was lost'));
      this.#tell(client.name, `${verb}: ${work.what}`);
      const answer: Answer = { resolve: resolve as (result: unknown) => void, reject };
      Object.assign(transaction, answer, { phase, answer: () => resolve() });
    });
  }

  /** Transactions that can take a step. */
  get ready(): readonly Transaction[] {
    return this.#open.filter((transaction) =>
      transaction.phase === 'sent' ? !this.#isLocked(transaction) : transaction.phase !== 'held',
    );
  }

  /** Transactions whose connection can break. */
  get connected(): readonly Transaction[] {
    return this.#open.filter(({ isConnected, client }) => isConnected && !client.isDead);
  }

  /** One of the `ready` transactions takes a step. */
  advance(transaction: Transaction): void {
    const { client, work, phase } = transaction;
    if (phase === 'sent') this.#begin(transaction);
    else if (phase === 'to be undone') {
      this.#tell(this.name, `rolls back ${client.name}'s ${work.what}`);
      transaction.phase = 'to be answered';
    } else if (phase === 'begun') {
      this.#commit(transaction);
      this.#tell(this.name, `commits ${client.name}'s ${work.what}`);
      transaction.phase = 'to be answered';
    } else {
      this.#drop(transaction);
      if (transaction.isConnected && !client.isDead) transaction.answer();
    }
  }

  /** The client's end of the connection breaks. The server notices when it has done the work. */
  break(transaction: Transaction): void {
    this.#tell(transaction.client.name, `loses its connection: ${transaction.work.what}`);
    transaction.isConnected = false;
    transaction.reject(new OutcomeUnknown('the connection was lost'));
    if (transaction.phase === 'to be answered') this.#drop(transaction);
  }

  /** A transaction that was sent and not begun never arrived, or the server notices that its client is gone. */
  forget(transaction: Transaction): void {
    this.#tell(this.name, `rolls back ${transaction.client.name}'s ${transaction.work.what}`);
    this.#drop(transaction);
  }

  /** Open transactions of clients that are gone or have moved to another connection. */
  get abandoned(): readonly Transaction[] {
    return this.#open.filter(
      ({ isConnected, client, phase }) => phase !== 'to be answered' && (!isConnected || client.isDead),
    );
  }

  /** So much time passes that abandoned transactions are over. */
  forgetAbandoned(): void {
    for (const transaction of this.abandoned) this.forget(transaction);
  }

  /** The power fails: open transactions are lost, and so are commits not yet on the disk, except for the first `share`. */
  loseThePower(share: number): void {
    this.#open = [];
    this.#synced.push(...this.#unsynced.slice(0, Math.floor(this.#unsynced.length * share)));
    this.#unsynced = [];
    this.database = emptyDatabase();
    for (const change of this.#synced) change(this.database);
  }

  #begin(transaction: Transaction): void {
    const { work, client } = transaction;
    try {
      const { result, change } = work.run(this.database);
      transaction.change = change;
      if (transaction.isHeld) {
        transaction.phase = 'held';
        // Answers that it has begun.
        if (transaction.isConnected && !client.isDead) transaction.resolve(transaction);
        return;
      }
      transaction.answer = () => transaction.resolve(result);
      transaction.phase = 'begun';
    } catch (error) {
      this.#tell(this.name, `refuses ${client.name}'s ${work.what}: ${(error as Error).message}`);
      transaction.answer = () => transaction.reject(error);
      transaction.phase = 'to be answered';
    }
  }

  #commit({ change, work }: Transaction): void {
    if (change) {
      change(this.database);
      (this.#isSynced ? this.#synced : this.#unsynced).push(change);
    }
    work.onCommit?.();
  }

  #isLocked({ work }: Transaction): boolean {
    return this.#open.some(
      ({ phase, work: other }) =>
        phase !== 'sent' && phase !== 'to be answered' && other.locks.some((row) => work.locks.includes(row)),
    );
  }

  #drop(transaction: Transaction): void {
    this.#open = this.#open.filter((other) => other !== transaction);
  }
}

function emptyDatabase(): Database {
  return {
    rows: [],
    ledger: [],
    writers: new Map(),
    queues: new Map(),
    seqs: new Set(),
    parts: new Map(),
    published: undefined,
  };
}
