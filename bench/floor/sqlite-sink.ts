import Database from 'better-sqlite3';
import { itemColumns, type Item } from '../items.ts';

export interface Sink {
  /** The rows, and one row of the ledger for the frames that they came in, in one transaction. */
  commit: (rows: readonly Item[], frames: readonly { first: number; count: number }[]) => void;
  close: () => void;
}

const names = Object.keys(itemColumns) as (keyof Item)[];

/** Creates the database before the consumers open it, because two of them would get in each other's way. */
export function makeDatabase(file: string): void {
  const db = new Database(file);
  const columns = Object.entries(itemColumns).map(([name, type]) => `${name} ${type}`);
  db.pragma('journal_mode = WAL');
  db.exec(`
    CREATE TABLE customers (${columns.join(', ')});
    CREATE TABLE ledger (first INTEGER PRIMARY KEY, frames TEXT NOT NULL) WITHOUT ROWID`);
  db.close();
}

export function openSink(file: string): Sink {
  const db = new Database(file, { timeout: 60_000 });
  db.pragma('synchronous = FULL');
  const insert = db.prepare(`INSERT INTO customers (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`);
  const record = db.prepare('INSERT INTO ledger VALUES (?, ?)');
  const commit = db.transaction<Sink['commit']>((rows, frames) => {
    for (const { id, name, email, street, city, amount, quantity, note } of rows) {
      insert.run(id, name, email, street, city, amount, quantity, note);
    }
    record.run(frames[0]!.first, JSON.stringify(frames));
  });
  return { commit: (rows, frames) => commit.immediate(rows, frames), close: () => db.close() };
}
