import type { ParamValues } from '../../core/params.ts';
import type { PreviousCursor, PreviousCursors } from '../previous.ts';
import type { RunRecord } from '../store.ts';
import type { Connection } from './connection.ts';

/** Params may hold a date, and cursors can be long: the oldest are forgotten. */
const mostKept = 1000;

/** `PreviousCursors` in the spool's file. `spool.source` names the source that the last run was read from. */
export class SpoolPreviousCursors implements PreviousCursors {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  note({ run, state, params, position: { cursor } }: RunRecord): void {
    if (state !== 'finished' || cursor === null) return;
    const [readBy, source] = this.#connection.read((db) => {
      const text = db.prepare('SELECT source FROM spool').pluck().get() as string | null;
      return text === null ? [] : (JSON.parse(text) as [string, string]);
    });
    // Not known for a run of an older version.
    if (readBy !== run || source === undefined) return;
    this.add([{ key: keyOf(params, source), cursor }]);
  }

  reads(run: string, source: string): void {
    const text = JSON.stringify([run, source]);
    this.#connection.durably((db) => db.prepare('UPDATE spool SET source = ? WHERE source IS NOT ?').run(text, text));
  }

  find(params: ParamValues, source: string): string | null {
    const select = 'SELECT cursor FROM previous WHERE key = ?';
    const found = this.#connection.read((db) => db.prepare(select).pluck().get(keyOf(params, source)));
    return (found as string | undefined) ?? null;
  }

  all(): PreviousCursor[] {
    const select = 'SELECT key, cursor FROM previous ORDER BY number';
    return this.#connection.read((db) => db.prepare(select).all() as PreviousCursor[]);
  }

  add(cursors: readonly PreviousCursor[]): void {
    const isKnown = this.#connection.read((db) => {
      const find = db.prepare('SELECT 1 FROM previous WHERE key = @key AND cursor = @cursor');
      return cursors.every((cursor) => find.get(cursor) !== undefined);
    });
    if (isKnown) return;
    this.#connection.durably((db) => {
      const put = db.prepare('INSERT OR REPLACE INTO previous (key, cursor) VALUES (@key, @cursor)');
      const forget = db.prepare('DELETE FROM previous WHERE number <= (SELECT max(number) FROM previous) - ?');
      db.transaction(() => {
        for (const cursor of cursors) put.run(cursor);
        forget.run(mostKept);
      })();
    });
  }
}

function keyOf(params: ParamValues, source: string): string {
  const sorted = Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([source, sorted]);
}
