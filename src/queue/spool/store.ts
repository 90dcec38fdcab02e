import type { DeadQuery } from '../../core/dead-letters.ts';
import { errorKind } from '../../core/error-kind.ts';
import type { ErrorData } from '../../core/errors.ts';
import type { LimitRecord } from '../../core/limit-record.ts';
import { joinItems, type Frame } from '../../frame/frame.ts';
import {
  memoryBytes,
  settlesAny,
  type Cursor,
  type DeadHead,
  type Group,
  type PartRecord,
  type RetryHead,
  type RunRecord,
  type Store,
  type StoredDead,
  type StoredFrame,
  type StoreTotals,
} from '../store.ts';
import type { Connection } from './connection.ts';
import { deadReader } from './dead-letters.ts';
import { groupWriting } from './group-writing.ts';
import { makingSpace } from './make-space.ts';
import type { ReservedSeqs } from './reserved-seqs.ts';
import { frameFromRow, runFromRow, type FrameRow, type ItemRow, type RunRow } from './rows.ts';
import { shrink } from './upkeep.ts';

/** `Store` in the spool's file. */
export class SpoolStore implements Store {
  readonly #connection: Connection;
  readonly #seqs: ReservedSeqs;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #dead: ReturnType<typeof deadReader>;
  readonly #commit: { immediate: (group: Group) => void };
  /** An item has been settled, durably, since the last unclean start. */
  #hasSettled: boolean;

  constructor(connection: Connection, { seqs, hasSettled }: { seqs: ReservedSeqs; hasSettled: boolean }) {
    const { db } = connection;
    this.#connection = connection;
    this.#seqs = seqs;
    this.#hasSettled = hasSettled;
    this.#statements = prepare(db);
    this.#dead = deadReader(db);
    const write = groupWriting(db);
    const forgetUncleanStarts = db.prepare('UPDATE spool SET unclean_starts = 0');
    this.#commit = db.transaction((group: Group) => {
      write(group);
      if (!this.#hasSettled && settlesAny(group)) forgetUncleanStarts.run();
    });
  }

  run(): RunRecord | undefined {
    const run = this.#connection.read(() => {
      const row = this.#statements.latestRun.get() as RunRow | undefined;
      return row && runFromRow(row);
    });
    if (!run) return undefined;
    run.nextSeq = Math.max(run.nextSeq, this.#seqs.resumeAt);
    return run;
  }

  runOf(seq: number): string | undefined {
    return this.#connection.read(() => this.#statements.runOf.get(seq) as string | undefined);
  }

  runsBefore(run: string): string[] {
    return this.#connection.read(() => this.#statements.runsBefore.all(run) as string[]);
  }

  totals(): StoreTotals {
    return this.#connection.read(() => this.#statements.totals.get() as StoreTotals);
  }

  limits(): LimitRecord[] {
    return this.#connection.read(() =>
      this.#statements.limits.all().map((data) => JSON.parse(data as string) as LimitRecord),
    );
  }

  commit(group: Group): void {
    this.#connection.write(() => {
      this.#seqs.cover(group.run.nextSeq);
      makingSpace(
        () => this.#commit.immediate(group),
        () => shrink(this.#connection),
      );
    });
    this.#hasSettled ||= settlesAny(group);
  }

  sync(): void {
    // With `full`, each commit has been synced.
    if (this.#connection.durability === 'full') return;
    // SQLite syncs the log before it copies it into the file.
    this.#connection.maintain((db) => db.pragma('wal_checkpoint(PASSIVE)'));
  }

  readFrames(after: number, bytes: number): StoredFrame[] {
    return this.#connection.read(() => {
      const found: StoredFrame[] = [];
      let size = 0;
      for (const row of this.#statements.framesAfter.iterate(after) as Iterable<FrameRow>) {
        const stored = frameFromRow(row);
        size += memoryBytes(stored.frame);
        if (found.length > 0 && size > bytes) break;
        found.push(stored);
      }
      return found;
    });
  }

  readFrameOf(seq: number): StoredFrame | undefined {
    return this.#connection.read(() => {
      const row = this.#statements.frameOf.get(seq) as FrameRow | undefined;
      if (!row || row.first + row.count <= seq) return undefined;
      return frameFromRow(row);
    });
  }

  parts(run: string): PartRecord[] {
    return this.#connection.read(() => {
      const rows = this.#statements.parts.all(run) as (PartRecord & { part: string })[];
      return rows.map(({ part, ...rest }) => ({ ...rest, part: JSON.parse(part) as unknown }));
    });
  }

  readRetryHeads(limit: number): RetryHead[] {
    return this.#connection.read(() => {
      const heads: RetryHead[] = [];
      // One by one: errors can be long, and there can be many.
      for (const row of this.#statements.retryHeads.iterate(limit)) {
        heads.push(headFromRow(row as RetryHeadRow));
      }
      return heads;
    });
  }

  readRetryHead(seq: number): RetryHead | undefined {
    const row = this.#connection.read(() => this.#statements.retryHead.get(seq) as RetryHeadRow | undefined);
    return row && headFromRow(row);
  }

  readRetry(seq: number): Frame | undefined {
    const row = this.#connection.read(() => this.#statements.retry.get(seq) as ItemRow | undefined);
    return row && joinItems(row.shapes, [row.body]);
  }

  readRetryError(seq: number): ErrorData | undefined {
    return this.#connection.read(() => {
      const error = this.#statements.retryError.get(seq) as string | undefined;
      return error === undefined ? undefined : (JSON.parse(error) as ErrorData);
    });
  }

  visitRetryErrors(visit: (error: ErrorData) => void): void {
    this.#connection.read(() => {
      for (const error of this.#statements.retryErrors.iterate()) visit(JSON.parse(error as string) as ErrorData);
    });
  }

  readRetrySeqs(limit: number): number[] {
    return this.#connection.read(() => this.#statements.retrySeqs.all(limit) as number[]);
  }

  newestCursor(): number {
    return this.#connection.read(() => this.#statements.newestCursor.get() as number);
  }

  cursorBelow(seq: number): Cursor | undefined {
    return this.#connection.read(() => this.#statements.cursorBelow.get(seq) as Cursor | undefined);
  }

  readDead(query: DeadQuery): StoredDead[] {
    return this.#connection.read(() => this.#dead.readDead(query));
  }

  readDeadHeads(query: DeadQuery): DeadHead[] {
    return this.#connection.read(() => this.#dead.readDeadHeads(query));
  }
}

type RetryHeadRow = Omit<RetryHead, 'inSinks'> & { error: string; inSinks: string };

function headFromRow({ error, inSinks, ...head }: RetryHeadRow): RetryHead {
  const sinks = inSinks === '[]' ? {} : { inSinks: JSON.parse(inSinks) as string[] };
  return { ...head, ...sinks, kind: errorKind(JSON.parse(error) as ErrorData) };
}

const retryHeadColumns =
  'seq, origin, due_at AS dueAt, delay_ms AS delayMs, attempt, kills, own_fault AS ownFault, in_sinks AS inSinks, error';

function prepare(db: Connection['db']) {
  return {
    latestRun: db.prepare('SELECT * FROM run ORDER BY number DESC LIMIT 1'),
    runOf: db.prepare('SELECT run FROM run WHERE next_seq > ? ORDER BY number LIMIT 1').pluck(),
    runsBefore: db.prepare('SELECT run FROM run WHERE run <> ? ORDER BY number DESC LIMIT 100').pluck(),
    totals: db.prepare(`
      SELECT (SELECT coalesce(sum(count), 0) FROM frames)
          - (SELECT coalesce(sum(settled_count), 0) FROM progress) AS items,
        (SELECT coalesce(sum(bytes), 0) FROM frames)
          + (SELECT coalesce(sum(length(shapes) + length(body) + 4), 0) FROM retries) AS bytes,
        (SELECT count(*) FROM retries) AS retrying`),
    limits: db.prepare('SELECT data FROM limits').pluck(),
    framesAfter: db.prepare('SELECT * FROM frames LEFT JOIN progress USING (first) WHERE first > ? ORDER BY first'),
    frameOf: db.prepare(
      'SELECT * FROM frames LEFT JOIN progress USING (first) WHERE first <= ? ORDER BY first DESC LIMIT 1',
    ),
    parts: db.prepare('SELECT sink, writer, part FROM parts WHERE run = ? ORDER BY sink, writer'),
    retryHeads: db.prepare(`SELECT ${retryHeadColumns} FROM retries ORDER BY due_at, seq LIMIT ?`),
    retryHead: db.prepare(`SELECT ${retryHeadColumns} FROM retries WHERE seq = ?`),
    retry: db.prepare('SELECT shapes, body FROM retries WHERE seq = ?'),
    retryError: db.prepare('SELECT error FROM retries WHERE seq = ?').pluck(),
    retryErrors: db.prepare('SELECT error FROM retries').pluck(),
    newestCursor: db.prepare('SELECT coalesce(max(id), 0) FROM cursors').pluck(),
    cursorBelow: db.prepare('SELECT id, seq, cursor FROM cursors WHERE seq < ? ORDER BY seq DESC, id DESC LIMIT 1'),
    retrySeqs: db.prepare('SELECT seq FROM retries ORDER BY seq LIMIT ?').pluck(),
  };
}
