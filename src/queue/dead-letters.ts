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
export interface DeadPage {
  after: number;
  limit: number;
}

/** Dead letters of an open store. */
export function readDeadLetters(store: Pick<Store, 'readDead'>, { after, limit }: DeadPage): ReadableDeadLetter[] {
  const decoder = new FrameDecoder();
  return store.readDead(after, limit).map(({ frame, ...letter }) => ({ ...letter, item: decoder.decode(frame, 0) }));
}

/**
 * Dead letters in a spool that no supervisor has open. Only for processes that hold no spool themselves: a second
 * descriptor of the file, once closed, would take the first one's lock with it.
 */
export function readDeadLettersOf(file: string, { after, limit }: DeadPage): ReadableDeadLetter[] {
  if (!existsSync(file)) return [];
  const decoder = new FrameDecoder();
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly: true, timeout: 1000 });
    const rows = db
      .prepare(
        'SELECT seq, origin, run, attempts, reason, error, died_at AS diedAt, shapes, body FROM dead WHERE seq > ? ORDER BY seq LIMIT ?',
      )
      .all(after, limit) as (Omit<DeadRecord, 'frame' | 'error'> & { error: string; shapes: Buffer; body: Buffer })[];
    return rows.map(({ shapes, body, error, ...letter }) => ({
      ...letter,
      error: JSON.parse(error) as ErrorData,
      item: decoder.decode(joinItems(shapes, [body]), 0),
    }));
  } catch (error) {
    throw spoolFailure(error, file);
  } finally {
    db?.close();
  }
}
