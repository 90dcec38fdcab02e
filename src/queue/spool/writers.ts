import type Database from 'better-sqlite3';

/** What tells one process from a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Start time, in whatever unit the system has; null where it cannot be known. */
  started: string | null;
  /** Identity of the machine's boot. */
  boot: string | null;
}

export interface WriterRecord extends Partial<ProcessIdentity> {
  writer: number;
  run: string;
  role: 'producer' | 'consumer';
  ordinal: number;
}

/** How the spool is written so that it survives a power loss, and how it is read: both throw what its failures mean. */
interface Access {
  durably: <T>(write: () => T) => T;
  read: <T>(read: () => T) => T;
}

/**
 * Every process that was ever given work, by its writer id: rising, one per process, never reused. It is committed
 * before the process may touch source, sink or limit, so that a successor of the supervisor knows whom to look for.
 */
export class Writers {
  readonly #db: Database.Database;
  readonly #durably: Access['durably'];
  readonly #read: Access['read'];

  constructor(db: Database.Database, { durably, read }: Access) {
    this.#db = db;
    this.#durably = durably;
    this.#read = read;
  }

  /** Records a process; returns its writer id. */
  register(record: Omit<WriterRecord, 'writer' | keyof ProcessIdentity> & ProcessIdentity): number {
    const insert =
      'INSERT INTO writers (run, role, ordinal, pid, started, boot) VALUES (@run, @role, @ordinal, @pid, @started, @boot)';
    return this.#durably(() => Number(this.#db.prepare(insert).run(record).lastInsertRowid));
  }

  /** The process has exited; `isClean` if it had said that nothing of it is under way any more. */
  ended(writer: number, { isClean }: { isClean: boolean }): void {
    this.#durably(() =>
      this.#db.prepare('UPDATE writers SET ended = 1, fenced = ? WHERE writer = ?').run(Number(isClean), writer),
    );
  }

  /** The sink bars these writers. */
  fenced(writers: readonly number[]): void {
    this.#durably(() => {
      const update = this.#db.prepare('UPDATE writers SET fenced = 1 WHERE writer = ?');
      this.#db.transaction(() => writers.forEach((writer) => update.run(writer))).immediate();
    });
  }

  /** Those whose exit nobody has recorded: children of a predecessor, which may still live. */
  notEnded(): WriterRecord[] {
    const select = 'SELECT writer, run, role, ordinal, pid, started, boot FROM writers WHERE ended = 0 ORDER BY writer';
    return this.#read(() => this.#db.prepare(select).all() as WriterRecord[]);
  }

  /** Consumers of `run` that may have a transaction open in the sink: they did not end in order and are not barred. */
  notFenced(run: string): number[] {
    const select = `SELECT writer FROM writers WHERE fenced = 0 AND ended = 1 AND role = 'consumer' AND run = ? ORDER BY writer`;
    return this.#read(() => this.#db.prepare(select).pluck().all(run) as number[]);
  }

  /** Forgets processes of other runs, of which nothing can come any more. */
  forgetOthers(run: string): void {
    this.#durably(() => this.#db.prepare('DELETE FROM writers WHERE ended = 1 AND run <> ?').run(run));
  }
}
