import type { NewWriter, WriterRecord, Writers } from '../writers.ts';
import type { Connection } from './connection.ts';

/** `Writers` in the spool's file. */
export class SpoolWriters implements Writers {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  register(record: NewWriter): number {
    const insert =
      'INSERT INTO writers (run, role, ordinal, pid, started, boot) VALUES (@run, @role, @ordinal, @pid, @started, @boot)';
    return this.#connection.durably((db) => Number(db.prepare(insert).run(record).lastInsertRowid));
  }

  hasPredecessor(writer: number): boolean {
    const select = `
      SELECT EXISTS (SELECT 1 FROM writers AS earlier JOIN writers AS this USING (run, role, ordinal)
        WHERE this.writer = ? AND earlier.writer < this.writer)`;
    return this.#connection.read((db) => db.prepare(select).pluck().get(writer) === 1);
  }

  ended(writer: number, { isClean }: { isClean: boolean }): void {
    this.#connection.durably((db) =>
      db.prepare('UPDATE writers SET ended = 1, fenced = ? WHERE writer = ?').run(Number(isClean), writer),
    );
  }

  fenced(writers: readonly number[]): void {
    this.#connection.durably((db) => {
      const update = db.prepare('UPDATE writers SET fenced = 1 WHERE writer = ?');
      db.transaction(() => writers.forEach((writer) => update.run(writer))).immediate();
    });
  }

  notEnded(): WriterRecord[] {
    const select = 'SELECT writer, run, role, ordinal, pid, started, boot FROM writers WHERE ended = 0 ORDER BY writer';
    return this.#connection.read((db) => db.prepare(select).all() as WriterRecord[]);
  }

  notFenced(run: string): number[] {
    const select = `SELECT writer FROM writers WHERE fenced = 0 AND ended = 1 AND role = 'consumer' AND run = ? ORDER BY writer`;
    return this.#connection.read((db) => db.prepare(select).pluck().all(run) as number[]);
  }

  forgetOthers(run: string): void {
    this.#connection.durably((db) => db.prepare('DELETE FROM writers WHERE ended = 1 AND run <> ?').run(run));
  }
}
