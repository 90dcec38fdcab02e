import { existsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { ErrorData } from '../core/errors.ts';
import { hideNames } from '../core/secret-names.ts';
import { FrameDecoder } from '../frame/codec.ts';
import { joinItems } from '../frame/frame.ts';
import { readingFailure } from './spool-failure.ts';
import { openForReading } from './spool-reading.ts';
import { schemaVersion } from './spool-schema.ts';
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
  const { store, close } = openDeadLetters(file);
  try {
    return readable(store.readDead(after, limit));
  } finally {
    close();
  }
}

/**
 * The same, for as long as it is not closed. Without a file there are no letters. From now on this process hides what
 * the pipeline's option `redact` names.
 */
export function openDeadLetters(
  file: string,
  pipeline?: string,
): { store: Pick<Store, 'readDead' | 'readDeadHeads'>; close: () => void } {
  if (!existsSync(file)) return { store: { readDead: () => [], readDeadHeads: () => [] }, close: () => undefined };
  const { db, close } = openForReading(file, pipeline);
  const reading = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      close();
      throw readingFailure(error, file);
    }
  };
  const version = reading(() => db.pragma('user_version', { simple: true }) as number);
  // To bring an older one up to date would be to change it.
  hideNames(reading(() => redactedIn(db, version)));
  const reader = reading(() => deadReader(db, version));
  return {
    store: {
      readDead: (after, limit) => reading(() => reader.readDead(after, limit)),
      readDeadHeads: (after, limit) => reading(() => reader.readDeadHeads(after, limit)),
    },
    close,
  };
}

/** What reads the dead letters of a spool that is open, and has the schema of that version. */
export function deadReader(db: Database.Database, version = schemaVersion): Pick<Store, 'readDead' | 'readDeadHeads'> {
  // What came with a later one than that has its default.
  const kills = version < 4 ? '0 AS kills' : 'kills';
  const history = version < 3 ? "'[]' AS history" : 'history';
  const select = (columns: string): Database.Statement =>
    db.prepare(
      `SELECT seq, origin, run, attempts, ${kills}, reason, error, ${history}, died_at AS diedAt, ${columns} FROM dead WHERE seq > ? ORDER BY seq LIMIT ?`,
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

function redactedIn(db: Database.Database, version: number): string[] {
  if (version < 5) return [];
  return JSON.parse(db.prepare('SELECT redact FROM spool').pluck().get() as string) as string[];
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
