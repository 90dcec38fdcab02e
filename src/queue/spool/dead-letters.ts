import type { DeadLetter, DeadQuery, PastError } from '../../core/dead-letters.ts';
import { existsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { ErrorData } from '../../core/errors.ts';
import { FrameDecoder } from '../../frame/codec.ts';
import { joinItems } from '../../frame/frame.ts';
import { textOfRecord } from '../../frame/record-text.ts';
import { holdsRecords } from '../../frame/records.ts';
import { readingFailure } from './failure.ts';
import { openForReading, redactedIn } from './reading.ts';
import { schemaVersion } from './schema.ts';
import type { Store, StoredDead } from '../store.ts';

/** A dead letter as people read it: with its item decoded, or the text of its raw record. */
export function readableLetter({ frame, ...letter }: StoredDead, decoder = new FrameDecoder()): DeadLetter {
  if (!holdsRecords(frame)) return { ...letter, item: decoder.decode(frame, 0) };
  const { text, ...record } = textOfRecord(frame);
  return { ...letter, item: text, record };
}

/** Dead letters of an open store, with their items decoded. */
export function readDeadLetters(store: Pick<Store, 'readDead'>, query: DeadQuery): DeadLetter[] {
  const decoder = new FrameDecoder();
  return store.readDead(query).map((letter) => readableLetter(letter, decoder));
}

/** How many letters are read ahead when they are read one by one, and how many bytes of items. */
const mostAhead = 64;
const mostBytesAhead = 1024 * 1024;

type DeadStore = Pick<Store, 'readDead' | 'readDeadHeads'>;

const noLetters: DeadStore = { readDead: () => [], readDeadHeads: () => [] };

/**
 * Dead letters in a spool that no supervisor has open. The file is open, and therefore locked, only while letters are read.
 * Without a file there are no letters. Each read first passes on the names that the last start of a supervisor knew to be
 * secret. Only for processes that hold no spool themselves: see `openForReading`.
 */
export function deadLettersAtRest(
  file: string,
  { pipeline, onRedacted }: { pipeline?: string | undefined; onRedacted: (names: readonly string[]) => void },
): DeadStore {
  const look = <T>(read: (reader: DeadStore) => T): T => {
    const { db, close } = openForReading(file, pipeline);
    try {
      // No upgrade of an older version: that would change the file.
      const version = db.pragma('user_version', { simple: true }) as number;
      // Its first start was killed before it could create the tables.
      if (version === 0) return read(noLetters);
      onRedacted(redactedIn(db));
      return read(deadReader(db, version));
    } catch (error) {
      throw readingFailure(error, file);
    } finally {
      close();
    }
  };
  const readDeadHeads: DeadStore['readDeadHeads'] = (query) =>
    existsSync(file) ? look((reader) => reader.readDeadHeads(query)) : [];
  const readDead: DeadStore['readDead'] = (query) => (existsSync(file) ? look((reader) => reader.readDead(query)) : []);
  // The letters that were read ahead, and how many of them were requested.
  let ahead: { after: number; letters: StoredDead[]; used: number } = { after: Infinity, letters: [], used: 0 };
  const readOne = (after: number): StoredDead[] => {
    let at = after < ahead.after ? -1 : ahead.letters.findIndex(({ seq }) => seq > after);
    if (at < 0) {
      // Sequential reads double the number read ahead; random reads take one.
      const wanted = ahead.used === ahead.letters.length ? Math.min(Math.max(ahead.used * 2, 1), mostAhead) : 1;
      let bytes = 0;
      const heads = readDeadHeads({ after, limit: wanted });
      const fitting = heads.filter((head, i) => (bytes += head.bytes) <= mostBytesAhead || i === 0).length;
      ahead = { after, letters: fitting === 0 ? [] : readDead({ after, limit: fitting }), used: 0 };
      at = 0;
    }
    ahead.used = Math.max(ahead.used, at + 1);
    return ahead.letters.slice(at, at + 1);
  };
  return { readDeadHeads, readDead: (query) => (query.limit === 1 ? readOne(query.after) : readDead(query)) };
}

/** Reads the dead letters of an open spool whose schema has that version. */
export function deadReader(db: Database.Database, version = schemaVersion): Pick<Store, 'readDead' | 'readDeadHeads'> {
  // Columns that were added in a later version have their defaults.
  const kills = version < 4 ? '0 AS kills' : 'kills';
  const history = version < 3 ? "'[]' AS history" : 'history';
  const inSinks = version < 14 ? "'[]' AS inSinks" : 'in_sinks AS inSinks';
  const select = (columns: string): Database.Statement =>
    db.prepare(
      `SELECT seq, origin, run, attempts, ${kills}, ${inSinks}, reason, error, ${history}, died_at AS diedAt, ${columns} FROM dead WHERE seq > ? ORDER BY seq LIMIT ?`,
    );
  const whole = select('shapes, body');
  const heads = select('length(shapes) + length(body) + 4 AS bytes');
  return {
    readDead: ({ after, limit }) =>
      (whole.all(after, limit) as (HeadRow & ItemRow)[]).map(({ shapes, body, ...row }) => ({
        ...headOf(row),
        frame: joinItems(shapes, [body]),
      })),
    readDeadHeads: ({ after, limit }) =>
      (heads.all(after, limit) as (HeadRow & { bytes: number })[]).map((row) => headOf(row)),
  };
}

interface HeadRow extends Omit<StoredDead, 'error' | 'history' | 'frame' | 'inSinks'> {
  inSinks: string;
  error: string;
  history: string;
}

interface ItemRow {
  shapes: Buffer;
  body: Buffer;
}

function headOf<Row extends HeadRow>(
  row: Row,
): Omit<Row, 'error' | 'history' | 'inSinks'> & Pick<StoredDead, 'error' | 'history' | 'inSinks'> {
  const { inSinks: sinks, error, history, ...rest } = row;
  const inSinks = JSON.parse(sinks) as string[];
  return {
    ...rest,
    error: JSON.parse(error) as ErrorData,
    history: JSON.parse(history) as PastError[],
    ...(inSinks.length > 0 && { inSinks }),
  };
}
