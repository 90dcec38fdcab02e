import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { ErrorData } from '../core/errors.ts';
import { FrameDecoder } from '../frame/codec.ts';
import { joinItems } from '../frame/frame.ts';
import { spoolFailure } from './spool-failure.ts';
import type { DeadRecord, Store } from './store.ts';

/** A dead letter with its item decoded, for people. */
export interface ReadableDeadLetter extends Omit<DeadRecord, 'frame'> {
  item: unknown;
}

/** Dead letters by seq: at most `limit` beyond `after`. */
export interface DeadQuery {
  after: number;
  limit: number;
}

/** Dead letters of an open store. */
export function readDeadLetters(store: Pick<Store, 'readDead'>, { after, limit }: DeadQuery): ReadableDeadLetter[] {
  return readable(store.readDead(after, limit));
}

/**
 * Dead letters in a spool that no supervisor has open. Only for processes that hold no spool themselves: a second
 * descriptor of the file, once closed, would take the first one's lock with it.
 */
export function readDeadLettersOf(file: string, { after, limit }: DeadQuery): ReadableDeadLetter[] {
  if (!existsSync(file)) return [];
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly: true, timeout: 1000 });
    return readable(deadReader(db)(after, limit));
  } catch (error) {
    throw spoolFailure(error, file);
  } finally {
    db?.close();
  }
}

/** Reads the dead letters above `after`, by seq, of a spool that is open. */
export function deadReader(db: Database.Database): Store['readDead'] {
  const select = db.prepare(
    'SELECT seq, origin, run, attempts, reason, error, died_at AS diedAt, shapes, body FROM dead WHERE seq > ? ORDER BY seq LIMIT ?',
  );
  return (after, limit) =>
    (select.all(after, limit) as DeadRow[]).map(({ shapes, body, error, ...row }) => ({
      ...row,
      error: JSON.parse(error) as ErrorData,
      frame: joinItems(shapes, [body]),
    }));
}

interface DeadRow extends Omit<DeadRecord, 'error' | 'frame'> {
  error: string;
  shapes: Buffer;
  body: Buffer;
}

function readable(records: readonly DeadRecord[]): ReadableDeadLetter[] {
  const decoder = new FrameDecoder();
  return records.map(({ frame, ...letter }) => ({ ...letter, item: decoder.decode(frame, 0) }));
}
