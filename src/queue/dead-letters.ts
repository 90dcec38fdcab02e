import { existsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { ErrorData } from '../core/errors.ts';
import { FrameDecoder } from '../frame/codec.ts';
import { joinItems } from '../frame/frame.ts';
import { readingFailure } from './spool-failure.ts';
import { openForReading } from './spool-reading.ts';
import type { PastError, Store, StoredDead } from './store.ts';

/** A dead letter with its item decoded, for people. */
export interface ReadableDeadLetter extends Omit<StoredDead, 'frame'> {
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
  const { db, close } = openForReading(file);
  try {
    return readable(deadReader(db).readDead(after, limit));
  } catch (error) {
    throw readingFailure(error, file);
  } finally {
    close();
  }
}

/** What reads the dead letters of a spool that is open. */
export function deadReader(db: Database.Database): Pick<Store, 'readDead' | 'readDeadHeads'> {
  const select = (columns: string): Database.Statement =>
    db.prepare(
      `SELECT seq, origin, run, attempts, kills, reason, error, history, died_at AS diedAt, ${columns} FROM dead WHERE seq > ? ORDER BY seq LIMIT ?`,
    );
  const whole = select('shapes, body');
  const heads = select('length(shapes) + length(body) + 4 AS bytes');
  return {
    readDead: (after, limit) =>
      (whole.all(after, limit) as (HeadRow & ItemRow)[]).map(({ shapes, body, ...row }) => ({
        ...headOf(row),
        frame: joinItems(shapes, [body]),
      })),
    readDeadHeads: (after, limit) =>
      (heads.all(after, limit) as (HeadRow & { bytes: number })[]).map((row) => headOf(row)),
  };
}

interface HeadRow extends Omit<StoredDead, 'error' | 'history' | 'frame'> {
  error: string;
  history: string;
}

interface ItemRow {
  shapes: Buffer;
  body: Buffer;
}

function headOf<Row extends HeadRow>(row: Row): Omit<Row, 'error' | 'history'> & Pick<StoredDead, 'error' | 'history'> {
  return { ...row, error: JSON.parse(row.error) as ErrorData, history: JSON.parse(row.history) as PastError[] };
}

function readable(records: readonly StoredDead[]): ReadableDeadLetter[] {
  const decoder = new FrameDecoder();
  return records.map(({ frame, ...letter }) => ({ ...letter, item: decoder.decode(frame, 0) }));
}
