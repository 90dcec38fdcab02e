/** The SQLite files of a round: the sink's, and the queue's when no process has it open any more. */
import Database from 'better-sqlite3';
import { cellText, tableCell, type Cells } from './canonical.ts';
import { markName } from './mark.ts';

/** Copies every entry of the ledger to a table of ours, in the same transaction. */
export function copyLedger(file: string): void {
  const db = new Database(file, { timeout: 30_000 });
  try {
    db.transaction(() =>
      db.exec(`
        CREATE TABLE IF NOT EXISTS ${markName} (from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL);
        CREATE TRIGGER IF NOT EXISTS ${markName}_copy AFTER INSERT ON millrace_ledger BEGIN
          INSERT INTO ${markName} VALUES (NEW.from_seq, NEW.to_seq);
        END`),
    ).immediate();
  } finally {
    db.close();
  }
}

export interface TableRow {
  trace: string | null;
  cells: Cells;
}

/** All rows of the sink's tables, and all entries that the ledger ever had, as pairs of first and last seq. */
export function readSink(file: string, tables: readonly string[]): { rows: TableRow[]; ledger: [number, number][] } {
  const db = new Database(file, { readonly: true });
  try {
    requireSound(db, file);
    const ledger = db.prepare(`SELECT from_seq, to_seq FROM ${markName}`).raw().all() as [number, number][];
    return { rows: tables.flatMap((table) => rowsIn(db, table)), ledger };
  } finally {
    db.close();
  }
}

/** None if no result has made the table yet. */
function rowsIn(db: Database.Database, table: string): TableRow[] {
  const exists = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE");
  if (exists.get(table) === undefined) return [];
  const rows = db
    .prepare(`SELECT * FROM "${table.replaceAll('"', '""')}"`)
    .safeIntegers()
    .all() as object[];
  return rows.map((row) => rowOf(row, table));
}

function rowOf(row: object, table: string): TableRow {
  const cells: Record<string, string> = { [tableCell]: table };
  let trace: string | null = null;
  for (const [name, value] of Object.entries(row) as [string, unknown][]) {
    if (name === markName) trace = value as string | null;
    else if (value !== null) cells[name.toLowerCase()] = cellText(value);
  }
  return { trace, cells };
}

/** What the queue says about its run. */
export interface Books {
  state: string;
  stored: number;
  done: number;
  dead: number;
  exitCode: number | null;
}

/** The record of the last run in a queue that no supervisor has open. */
export function readBooks(file: string): Books {
  const db = new Database(file, { readonly: true });
  try {
    requireSound(db, file);
    return db.prepare('SELECT state, stored, done, dead, exit_code AS exitCode FROM run').get() as Books;
  } finally {
    db.close();
  }
}

/** Where the part of a sink ends, for each writer that has one. `end` is JSON. */
export interface SettledPart {
  writer: number;
  end: string;
}

/** The parts of this sink that are settled, in a queue that no supervisor has open. */
export function readParts(file: string, sink: string): SettledPart[] {
  const db = new Database(file, { readonly: true });
  try {
    return db
      .prepare('SELECT writer, part AS end FROM parts WHERE sink = ? ORDER BY writer')
      .all(sink) as SettledPart[];
  } finally {
    db.close();
  }
}

function requireSound(db: Database.Database, file: string): void {
  const found = db.pragma('integrity_check(1)', { simple: true });
  if (found !== 'ok') throw new Error(`${file} is damaged: ${String(found)}`);
}
