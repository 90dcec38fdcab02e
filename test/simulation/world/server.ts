import type { Forgotten } from '../../../src/ledger/forgotten.ts';
import type { SeenStart } from '../../../src/ledger/older-queue.ts';
import { OutcomeUnknown } from '../../../src/sinks/port.ts';
import type { Row } from './items.ts';

/** Who is connected. A transaction outlives it. */
export interface Client {
  readonly writer: number;
  readonly name: string;
  readonly isDead: boolean;
  /** It does something that others can see. False if it is dead. */
  acts: () => boolean;
}

export interface LedgerRow {
  run: string;
  from: number;
  to: number;
}

/** What is committed. */
export interface Database {
  rows: Row[];
  ledger: LedgerRow[];
  /** Sessions by writer; -1: barred. */
  writers: Map<number, number>;
  /** By queue, the start that last wrote here, and what the ledger may have forgotten of it. */
  queues: Map<string, SeenStart & { forgotten: Forgotten }>;
  /** Every seq whose results have ever been written: for the checker alone. */
  seqs: Set<number>;
}

/** What a transaction is to do. */
export interface Work<T> {
  what: string;
  /** Writers whose rows it changes: it waits for others that do, and they for it. */
  locks: readonly number[];
  /** Looks at what is committed; returns its result and what its commit changes. Throws to be rolled back. */
  run: (database: Readonly<Database>) => { result: T; change?: (database: Database) => void };
  /** Told when it is committed. */
  onCommit?: () => void;
}

interface Transaction {
  readonly client: Client;
  readonly work: Work<unknown>;
  phase: 'sent' | 'begun' | 'to be answered';
  change: ((database: Database) => void) | undefined;
  answer: () => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  isConnected: boolean;
}

/**
 * A database server in memory. A transaction is sent; begun, when it has its locks; committed; and answered: each when
 * the schedule says, and all but the last also when its client is no more. READ COMMITTED: it reads what is committed
 * when it begins. Nothing but rows of writers is ever locked.
 */
export class Server {
  database = emptyDatabase();
  /** It takes no connections, and answers nothing. */
  isOut = false;
  readonly #tell: (who: string, what: string) => void;
  /** Whether what is committed is on the disk by then. */
  readonly #isSynced: boolean;
  #open: Transaction[] = [];
  /** Changes that are committed and may not be on the disk yet; and what is for certain. */
  #unsynced: ((database: Database) => void)[] = [];
  #synced: ((database: Database) => void)[] = [];

  constructor(tell: (who: string, what: string) => void, { isSynced }: { isSynced: boolean }) {
    this.#tell = tell;
    this.#isSynced = isSynced;
  }

  /** Sends a transaction; resolves or rejects as it went, or with `OutcomeUnknown`. Never, for a client that is dead. */
  transact<T>(client: Client, work: Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!client.acts()) return;
      if (this.isOut) return reject(new Error('the server takes no connections'));
      this.#tell(client.name, `sends: ${work.what}`);
      this.#open.push({
        client,
        work,
        phase: 'sent',
        change: undefined,
        answer: () => undefined,
        resolve: resolve as (result: unknown) => void,
        reject,
        isConnected: true,
      });
    });
  }

  /** Transactions that can go a step further. */
  get ready(): readonly Transaction[] {
    return this.#open.filter((transaction) => transaction.phase !== 'sent' || !this.#isLocked(transaction));
  }

  /** Those whose connection can break. */
  get connected(): readonly Transaction[] {
    return this.#open.filter(({ isConnected, client }) => isConnected && !client.isDead);
  }

  /** One of the `ready` goes a step further. */
  advance(transaction: Transaction): void {
    const { client, work, phase } = transaction;
    if (phase === 'sent') this.#begin(transaction);
    else if (phase === 'begun') {
      this.#commit(transaction);
      this.#tell('server', `commits ${client.name}'s ${work.what}`);
      transaction.phase = 'to be answered';
    } else {
      this.#drop(transaction);
      if (transaction.isConnected && !client.isDead) transaction.answer();
    }
  }

  /** The client's end of the connection breaks; the server notices when it has done what it was asked. */
  break(transaction: Transaction): void {
    this.#tell(transaction.client.name, `loses its connection: ${transaction.work.what}`);
    transaction.isConnected = false;
    transaction.reject(new OutcomeUnknown('the connection was lost'));
    if (transaction.phase === 'to be answered') this.#drop(transaction);
  }

  /** What a client had sent and nobody has begun never arrived, or is noticed to be nobody's. */
  forget(transaction: Transaction): void {
    this.#tell('server', `rolls back ${transaction.client.name}'s ${transaction.work.what}`);
    this.#drop(transaction);
  }

  /** Open transactions of clients that are no more, or have gone to another connection. */
  get abandoned(): readonly Transaction[] {
    return this.#open.filter(
      ({ isConnected, client, phase }) => phase !== 'to be answered' && (!isConnected || client.isDead),
    );
  }

  /** So much time passes that what nobody waits for any more is over. */
  forgetAbandoned(): void {
    for (const transaction of this.abandoned) this.forget(transaction);
  }

  /** The power fails: what is open is gone, and all but the first `share` of what is not on the disk yet. */
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
      transaction.answer = () => transaction.resolve(result);
      transaction.phase = 'begun';
    } catch (error) {
      this.#tell('server', `refuses ${client.name}'s ${work.what}: ${(error as Error).message}`);
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
      ({ phase, work: other }) => phase === 'begun' && other.locks.some((row) => work.locks.includes(row)),
    );
  }

  #drop(transaction: Transaction): void {
    this.#open = this.#open.filter((other) => other !== transaction);
  }
}

function emptyDatabase(): Database {
  return { rows: [], ledger: [], writers: new Map(), queues: new Map(), seqs: new Set() };
}
