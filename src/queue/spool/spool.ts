/**
 * The spool: the queue's store in one SQLite file, `queue.db` in the state directory.
 *
 * One connection, the supervisor's, with SQLite's exclusive lock on the file for as long as it runs. Nothing else in
 * this process may ever open that file, not even to copy it: closing any descriptor of it would drop the lock
 * (POSIX), and a second supervisor could then write to it.
 */
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { errorKind } from '../../core/error-kind.ts';
import type { ErrorData } from '../../core/errors.ts';
import { Intervals } from '../../core/intervals.ts';
import type { QueueStart } from '../../core/queue-start.ts';
import { frameBytes, joinItems, type Frame } from '../../frame/frame.ts';
import { backUp, type BackupOptions } from './backup.ts';
import { deadReader } from './dead-letters.ts';
import { withError } from '../history.ts';
import type { StartEnd } from './last-start.ts';
import { makingRoom } from './make-room.ts';
import type { Declaration, QueueOwner } from './owner.ts';
import { openingFailure, readingFailure, spoolFailure } from './failure.ts';
import { fileWatch, leave, logBytes, openSpoolFile, retireFile, type OpenOptions } from './file.ts';
import { forgetHolder } from './holder.ts';
import {
  memoryBytes,
  requireRow,
  StoreFull,
  type DeadHead,
  type Group,
  type LimitState,
  type Predecessors,
  type PastError,
  type RetryHead,
  type RunRecord,
  type Store,
  type StoredDead,
  type StoredFrame,
  type StoreTotals,
} from '../store.ts';
import { Writers } from './writers.ts';

/** Seqs reserved at a time when a power loss may roll the spool back (`durability: normal`). */
const seqBlock = 1_000_000;

/** Starts whose ids are kept: as many as a sink may be behind, because none of them got as far as opening it. */
const keptStarts = 1000;

/** Pages that are given back to the disk at a time. */
const shrinkPages = 1000;

export class Spool implements Store {
  readonly writers: Writers;
  /** This start of a supervisor on it. */
  readonly start: QueueStart;
  /** Whether the last supervisor let go of it in order. */
  readonly wasClean: boolean;
  readonly predecessors: Predecessors;
  readonly #db: Database.Database;
  readonly #file: string;
  readonly #durability: 'full' | 'normal';
  readonly #statements: ReturnType<typeof prepare>;
  readonly #dead: ReturnType<typeof deadReader>;
  readonly #commit: Database.Transaction<(group: Group) => void>;
  #reservedSeq: number;
  #hasFailed = false;
  /** An item has been settled, durably, since the last unclean start. */
  #hasSettled: boolean;
  /** Something was written since `tend`. */
  #isBusy = true;
  // After a power loss the file may have forgotten seqs that the sink has seen: go on behind all that were reserved.
  readonly #resumeAt: number;

  /** Opens, locks and, if need be, creates or migrates the spool's file. Throws MillraceErrors that say what to do. */
  static open(options: OpenOptions): Spool {
    const db = openSpoolFile(options);
    try {
      return new Spool(db, options);
    } catch (error) {
      leave(db, options.file);
      throw openingFailure(error, options.file);
    }
  }

  private constructor(db: Database.Database, { file, durability, startedAt }: OpenOptions) {
    this.#db = db;
    this.#file = file;
    this.#durability = durability;
    this.#statements = prepare(db);
    this.#dead = deadReader(db);
    this.#commit = db.transaction((group: Group) => this.#write(group));
    const { is_clean, reserved_seq } = db.prepare('SELECT * FROM spool').get() as SpoolRow;
    this.wasClean = is_clean === 1;
    this.#reservedSeq = reserved_seq;
    this.#resumeAt = this.wasClean ? 0 : reserved_seq;
    // A sink may see this start at once: it must not be forgotten after a power loss.
    const { start, predecessors } = this.#durably(db.transaction(() => this.#begin(startedAt ?? null)));
    this.start = start;
    this.predecessors = predecessors;
    this.#hasSettled = predecessors.uncleanStarts === 0;
    this.#emptyLog();
    this.writers = new Writers(db, {
      durably: (write) => this.#durably(write),
      read: (read) => this.#read(read),
    });
  }

  run(): RunRecord | undefined {
    const row = this.#read(() => this.#statements.latestRun.get() as RunRow | undefined);
    if (!row) return undefined;
    const run = runFromRow(row);
    run.nextSeq = Math.max(run.nextSeq, this.#resumeAt);
    return run;
  }

  runOf(seq: number): string | undefined {
    return this.#read(() => this.#statements.runOf.get(seq) as string | undefined);
  }

  totals(): StoreTotals {
    return this.#read(() => this.#statements.totals.get() as StoreTotals);
  }

  limits(): LimitState[] {
    return this.#read(() => this.#statements.limits.all() as LimitState[]);
  }

  commit(group: Group): void {
    this.#isBusy = true;
    try {
      if (this.#durability === 'normal' && group.run.nextSeq >= this.#reservedSeq) this.#reserve(group.run.nextSeq);
      makingRoom(
        () => this.#commit.immediate(group),
        () => this.#shrink(),
      );
      this.#hasSettled ||= settlesAny(group);
    } catch (error) {
      throw this.#failure(spoolFailure(error, this.#file));
    }
  }

  sync(): void {
    // With `full` each commit has been synced.
    if (this.#durability === 'full') return;
    try {
      // The log is synced before it is emptied into the file.
      this.#db.pragma('wal_checkpoint(PASSIVE)');
    } catch (error) {
      throw this.#failure(spoolFailure(error, this.#file));
    }
  }

  readFrames(after: number, bytes: number): StoredFrame[] {
    return this.#read(() => {
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
    return this.#read(() => {
      const row = this.#statements.frameOf.get(seq) as FrameRow | undefined;
      if (!row || row.first + row.count <= seq) return undefined;
      return frameFromRow(row);
    });
  }

  readRetryHeads(limit: number): RetryHead[] {
    return this.#read(() => {
      const heads: RetryHead[] = [];
      // One by one: errors can be long, and there can be many.
      for (const row of this.#statements.retryHeads.iterate(limit)) {
        const { error, ...head } = row as RetryHead & { error: string };
        heads.push({ ...head, kind: errorKind(JSON.parse(error) as ErrorData) });
      }
      return heads;
    });
  }

  readRetry(seq: number): Frame | undefined {
    const row = this.#read(() => this.#statements.retry.get(seq) as ItemRow | undefined);
    return row && joinItems(row.shapes, [row.body]);
  }

  readRetryError(seq: number): ErrorData | undefined {
    return this.#read(() => {
      const error = this.#statements.retryError.get(seq) as string | undefined;
      return error === undefined ? undefined : (JSON.parse(error) as ErrorData);
    });
  }

  visitRetryErrors(visit: (error: ErrorData) => void): void {
    this.#read(() => {
      for (const error of this.#statements.retryErrors.iterate()) visit(JSON.parse(error as string) as ErrorData);
    });
  }

  readRetrySeqs(limit: number): number[] {
    return this.#read(() => this.#statements.retrySeqs.all(limit) as number[]);
  }

  readDead(after: number, limit: number): StoredDead[] {
    return this.#read(() => this.#dead.readDead(after, limit));
  }

  readDeadHeads(after: number, limit: number): DeadHead[] {
    return this.#read(() => this.#dead.readDeadHeads(after, limit));
  }

  /** Notes which names are secret, for whoever looks at what is in here when no pipeline runs. */
  noteRedacted(names: readonly string[]): void {
    const json = JSON.stringify(names);
    this.#durably(() => this.#statements.putRedact.run(json, json));
  }

  /** Whose queue this is; null for one that no start has claimed yet. */
  owner(): QueueOwner | null {
    return this.#read(() => {
      const { pipeline, file, sink_kind: sinkKind, sink_target: sinkTarget } = this.#statements.owner.get() as OwnerRow;
      return pipeline === null ? null : ({ pipeline, file, sinkKind, sinkTarget } as QueueOwner);
    });
  }

  /** Records whose queue this is, and what was declared about `run`, which continues as it says. */
  claim(owner: QueueOwner, declarations: readonly Declaration[] = [], run?: RunRecord): void {
    const { putOwner, declare, putDeclared } = this.#statements;
    this.#durably(
      this.#db.transaction(() => {
        putOwner.run(owner);
        for (const declaration of declarations) declare.run(declaration);
        if (run && declarations.length > 0) putDeclared.run(run);
      }),
    );
  }

  /** What operators declared about runs, oldest first. */
  declarations(): Declaration[] {
    return this.#read(() => this.#statements.declarations.all() as Declaration[]);
  }

  /** The ids of the runs before `run`, the latest ones. */
  runsBefore(run: string): string[] {
    return this.#read(() => this.#statements.runsBefore.all(run) as string[]);
  }

  /**
   * To be called now and then. If nothing has been written since the last time, the log's room is given back to the disk;
   * while something is written SQLite keeps it small by itself. Returns the bytes that the log takes.
   */
  tend(): number {
    try {
      if (!this.#isBusy && logBytes(this.#file) > 0) this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      const failure = this.#failure(spoolFailure(error, this.#file));
      // What is in the log is as safe there.
      if (!(failure instanceof StoreFull)) throw failure;
    }
    this.#isBusy = false;
    return logBytes(this.#file);
  }

  /** Copies the whole of it to another file while it goes on being used: see `backUp`. */
  async backUp(options: Omit<BackupOptions, 'isInUse'>): Promise<void> {
    await backUp(this.#db, { ...options, isInUse: true });
  }

  /** A check that the file is still the one that was opened; it throws if not. */
  watch(): () => void {
    return fileWatch(this.#file);
  }

  /**
   * Gives room that is free within the file back to the disk: some of it, so that it takes no longer than a commit.
   * Throws StoreFull when even that takes room that is not there.
   */
  shrink(): void {
    try {
      this.#shrink();
    } catch (error) {
      throw this.#failure(spoolFailure(error, this.#file));
    }
  }

  /**
   * Lets go of the file: in order, or, if it has failed, without another write to it. If it was `unused`, because no
   * supervisor has run on it, it remembers what became of those before, and how the last of them ended. Idempotent.
   */
  close(how: 'in order' | 'unused' | StartEnd = 'in order'): void {
    if (this.#hasFailed) this.abandon();
    if (!this.#db.open) return;
    try {
      this.#db.transaction(() => {
        // The next start finds the file clean, and must not go back before the seqs that were reserved.
        this.#db
          .prepare('UPDATE run SET next_seq = max(next_seq, ?) WHERE number = (SELECT max(number) FROM run)')
          .run(this.#resumeAt);
        this.#db.prepare('UPDATE spool SET is_clean = 1').run();
        if (how !== 'unused') this.#db.prepare('UPDATE spool SET unclean_starts = 0, trial = NULL').run();
        const { generation } = this.start;
        if (how === 'unused')
          this.#db.prepare('UPDATE starts SET started_at = NULL WHERE generation = ?').run(generation);
        if (typeof how === 'object') {
          const end = this.#db.prepare(
            'UPDATE starts SET ended_at = ?, outcome = ?, exit_code = ? WHERE generation = ?',
          );
          end.run(how.at, how.outcome, how.exitCode, generation);
        }
      })();
    } catch {
      // On a full disk: the next start takes it for unclean, and looks more closely. How this one ended is not changed by it.
    }
    forgetHolder(this.#file);
    this.#db.close();
  }

  /** Lets go of the file without another write to it: after a failure that a write could make worse. Idempotent. */
  abandon(): void {
    if (this.#db.open) leave(this.#db, this.#file);
  }

  /** Moves the file aside, under the lock, and lets go of it. Nothing is deleted. Returns its new name. */
  retire(suffix: string): string {
    try {
      // Back into one file, so that nothing of it stays behind in a -wal.
      this.#db.pragma('journal_mode = DELETE');
      const retired = retireFile(this.#file, suffix);
      forgetHolder(this.#file);
      this.#db.close();
      return retired;
    } catch (error) {
      throw this.#failure(spoolFailure(error, this.#file));
    }
  }

  #write(group: Group): void {
    const s = this.#statements;
    for (const { first, frame } of group.frames) {
      s.insertFrame.run(first, frame.count, frameBytes(frame), frame.shapes, frame.ends, frame.body);
    }
    for (const { first, count, settled } of group.progress) {
      const isDone = settled.size === count;
      const { changes } = isDone
        ? s.deleteFrame.run(first)
        : s.putProgress.run(JSON.stringify(settled.toFlat()), settled.size, first);
      requireRow(changes === 1, `frame ${first}`);
      if (isDone) s.deleteProgress.run(first);
    }
    for (const { frame, error, ...retry } of group.retries) {
      const history = this.#historyWith(retry.seq, retry.dueAt - retry.delayMs, error);
      const row = { ...retry, run: group.run.run, error: JSON.stringify(error), history };
      const { changes } = frame
        ? s.insertRetry.run({ ...row, shapes: frame.shapes, body: frame.body })
        : s.updateRetry.run(row);
      requireRow(changes === 1, `retry ${retry.seq}`);
    }
    for (const { frame, error, isKnownError, ...dead } of group.dead) {
      const history = isKnownError ? this.#historyOf(dead.seq) : this.#historyWith(dead.seq, dead.diedAt, error);
      s.insertDead.run({ ...dead, error: JSON.stringify(error), history, shapes: frame.shapes, body: frame.body });
    }
    for (const { from, seq, dueAt, frame } of group.revived) {
      const item = { shapes: frame?.shapes ?? null, body: frame?.body ?? null };
      requireRow(s.revive.run({ from, seq, dueAt, run: group.run.run, ...item }).changes === 1, `dead letter ${from}`);
      s.deleteDead.run(from);
    }
    for (const seq of group.purged) requireRow(s.deleteDead.run(seq).changes === 1, `dead letter ${seq}`);
    for (const seq of group.retriesGone) requireRow(s.deleteRetry.run(seq).changes === 1, `retry ${seq}`);
    for (const { limit, data } of group.limits) s.putLimit.run(limit, data);
    if (group.trial !== undefined) s.putTrial.run(group.trial);
    if (!this.#hasSettled && settlesAny(group)) s.forgetUncleanStarts.run();
    s.putRun.run(rowFromRun(group.run));
  }

  /** That it is in use is in the file itself from now on: a copy of that without its log shows that something is missing. */
  #emptyLog(): void {
    try {
      this.#db.pragma('wal_checkpoint(PASSIVE)');
    } catch (error) {
      // On a full disk it has to do without.
      if (!(spoolFailure(error, this.#file) instanceof StoreFull)) throw error;
    }
  }

  #begin(startedAt: number | null): { start: QueueStart; predecessors: Predecessors } {
    const next = this.#db.prepare(`
      UPDATE spool SET generation = generation + 1, is_clean = 0, unclean_starts = unclean_starts + iif(is_clean, 0, 1)
      RETURNING id, generation, unclean_starts AS uncleanStarts, trial`);
    const { id: queue, generation, uncleanStarts, trial } = next.get() as SpoolRow & Predecessors;
    const id = randomBytes(12).toString('base64url');
    const given = (this.#statements.latestRun.get() as RunRow | undefined)?.next_seq ?? 1;
    this.#db
      .prepare('INSERT INTO starts (generation, id, started_at, given_below, next_seq) VALUES (?, ?, ?, ?, ?)')
      .run(generation, id, startedAt, given, Math.max(given, this.#resumeAt));
    this.#db.prepare('DELETE FROM starts WHERE generation <= ?').run(generation - keptStarts);
    const starts = this.#db.prepare('SELECT * FROM starts ORDER BY generation DESC').all() as StartRow[];
    const start: QueueStart = {
      queue,
      generation,
      ids: starts.map((row) => row.id),
      directory: dirname(resolve(this.#file)),
      givenBelow: starts.map((row) => row.given_below),
      nextSeq: starts.map((row) => row.next_seq),
    };
    return { start, predecessors: { uncleanStarts, trial } };
  }

  /** The history of the item of a retry, if it is one, and what has happened to it now; as JSON. */
  #historyWith(seq: number, at: number, error: ErrorData): string {
    return JSON.stringify(withError(JSON.parse(this.#historyOf(seq)) as PastError[], at, error));
  }

  #historyOf(seq: number): string {
    return (this.#statements.retryHistory.get(seq) ?? '[]') as string;
  }

  #shrink(): void {
    // The log first: emptied, it has room for what moves pages to the front of the file; that cuts off its end.
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
    this.#db.pragma(`incremental_vacuum(${shrinkPages})`);
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#failure(readingFailure(error, this.#file));
    }
  }

  /** Notes that `error`, unless it is only want of room, is the end of this spool. */
  #failure(error: Error): Error {
    this.#hasFailed ||= !(error instanceof StoreFull);
    return error;
  }

  #reserve(nextSeq: number): void {
    const reserved = nextSeq + seqBlock;
    this.#durably(() => this.#db.prepare('UPDATE spool SET reserved_seq = ?').run(reserved));
    this.#reservedSeq = reserved;
  }

  /** Commits `write` so that it survives a power loss, whatever `durability` says. */
  #durably<T>(write: () => T): T {
    this.#isBusy = true;
    try {
      if (this.#durability === 'full') return write();
      this.#db.pragma('synchronous = FULL');
      try {
        return write();
      } finally {
        this.#db.pragma('synchronous = NORMAL');
      }
    } catch (error) {
      throw this.#failure(spoolFailure(error, this.#file));
    }
  }
}

function prepare(db: Database.Database) {
  return {
    latestRun: db.prepare('SELECT * FROM run ORDER BY number DESC LIMIT 1'),
    runOf: db.prepare('SELECT run FROM run WHERE next_seq > ? ORDER BY number LIMIT 1').pluck(),
    totals: db.prepare(`
      SELECT (SELECT coalesce(sum(count), 0) FROM frames)
          - (SELECT coalesce(sum(settled_count), 0) FROM progress) AS items,
        (SELECT coalesce(sum(bytes), 0) FROM frames)
          + (SELECT coalesce(sum(length(shapes) + length(body) + 4), 0) FROM retries) AS bytes,
        (SELECT count(*) FROM retries) AS retrying`),
    runsBefore: db.prepare('SELECT run FROM run WHERE run <> ? ORDER BY number DESC LIMIT 100').pluck(),
    limits: db.prepare('SELECT name AS "limit", data FROM limits'),
    framesAfter: db.prepare('SELECT * FROM frames LEFT JOIN progress USING (first) WHERE first > ? ORDER BY first'),
    frameOf: db.prepare(
      'SELECT * FROM frames LEFT JOIN progress USING (first) WHERE first <= ? ORDER BY first DESC LIMIT 1',
    ),
    retryHeads: db.prepare(
      'SELECT seq, origin, due_at AS dueAt, delay_ms AS delayMs, attempt, kills, suspicion, error FROM retries ORDER BY due_at, seq LIMIT ?',
    ),
    retry: db.prepare('SELECT shapes, body FROM retries WHERE seq = ?'),
    retryError: db.prepare('SELECT error FROM retries WHERE seq = ?').pluck(),
    retryErrors: db.prepare('SELECT error FROM retries').pluck(),
    retrySeqs: db.prepare('SELECT seq FROM retries ORDER BY seq LIMIT ?').pluck(),
    insertFrame: db.prepare('INSERT INTO frames (first, count, bytes, shapes, ends, body) VALUES (?, ?, ?, ?, ?, ?)'),
    deleteFrame: db.prepare('DELETE FROM frames WHERE first = ?'),
    // Only for a frame that is there.
    putProgress: db.prepare(`
      INSERT INTO progress SELECT first, ?, ? FROM frames WHERE first = ?
      ON CONFLICT (first) DO UPDATE SET settled = excluded.settled, settled_count = excluded.settled_count`),
    deleteProgress: db.prepare('DELETE FROM progress WHERE first = ?'),
    insertRetry: db.prepare(`
      INSERT INTO retries (seq, run, origin, due_at, delay_ms, attempt, kills, suspicion, error, history, shapes, body)
      VALUES (@seq, @run, @origin, @dueAt, @delayMs, @attempt, @kills, @suspicion, @error, @history, @shapes, @body)`),
    updateRetry: db.prepare(`
      UPDATE retries SET due_at = @dueAt, delay_ms = @delayMs, attempt = @attempt, kills = @kills,
        suspicion = @suspicion, error = @error, history = @history WHERE seq = @seq`),
    retryHistory: db.prepare('SELECT history FROM retries WHERE seq = ?').pluck(),
    deleteRetry: db.prepare('DELETE FROM retries WHERE seq = ?'),
    insertDead: db.prepare(`
      INSERT INTO dead (seq, run, origin, attempts, kills, reason, error, history, died_at, shapes, body)
      VALUES (@seq, @run, @origin, @attempts, @kills, @reason, @error, @history, @diedAt, @shapes, @body)`),
    revive: db.prepare(`
      INSERT INTO retries (seq, run, origin, due_at, delay_ms, attempt, kills, error, history, shapes, body)
      SELECT @seq, @run, origin, @dueAt, 0, 1, 0, error, history, coalesce(@shapes, shapes), coalesce(@body, body)
      FROM dead WHERE seq = @from`),
    deleteDead: db.prepare('DELETE FROM dead WHERE seq = ?'),
    putTrial: db.prepare('UPDATE spool SET trial = ?'),
    putRedact: db.prepare('UPDATE spool SET redact = ? WHERE redact <> ?'),
    owner: db.prepare('SELECT pipeline, file, sink_kind, sink_target FROM spool'),
    // Without a change, nothing is written and there is no fsync.
    putOwner: db.prepare(`
      UPDATE spool SET pipeline = @pipeline, file = @file, sink_kind = @sinkKind, sink_target = @sinkTarget
      WHERE (pipeline, file, sink_kind, sink_target) IS NOT (@pipeline, @file, @sinkKind, @sinkTarget)`),
    declare: db.prepare('INSERT INTO declared (at, run, what, was, is_now) VALUES (@at, @run, @what, @was, @isNow)'),
    declarations: db.prepare('SELECT at, run, what, was, is_now AS isNow FROM declared ORDER BY rowid'),
    putDeclared: db.prepare(
      'UPDATE run SET fingerprint = @fingerprint, done_elsewhere = @doneElsewhere WHERE run = @run',
    ),
    forgetUncleanStarts: db.prepare('UPDATE spool SET unclean_starts = 0'),
    putLimit: db.prepare('INSERT INTO limits VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET data = excluded.data'),
    putRun: db.prepare(`
      INSERT INTO run (run, state, fingerprint, cursor, cursor_count, digest, next_seq, stored, done, dead, done_elsewhere, started_at, finished_at, exit_code)
      VALUES (@run, @state, @fingerprint, @cursor, @cursor_count, @digest, @next_seq, @stored, @done, @dead, @done_elsewhere, @started_at, @finished_at, @exit_code)
      ON CONFLICT (run) DO UPDATE SET state = excluded.state, fingerprint = excluded.fingerprint, cursor = excluded.cursor,
        cursor_count = excluded.cursor_count, digest = excluded.digest, next_seq = excluded.next_seq, stored = excluded.stored,
        done = excluded.done, dead = excluded.dead, done_elsewhere = excluded.done_elsewhere, finished_at = excluded.finished_at, exit_code = excluded.exit_code`),
  };
}

/** Whether something becomes of any item. */
function settlesAny({ progress, retries, retriesGone }: Group): boolean {
  return progress.length + retries.length + retriesGone.length > 0;
}

interface SpoolRow {
  id: string;
  generation: number;
  is_clean: number;
  reserved_seq: number;
}

type OwnerRow = Record<'pipeline' | 'file' | 'sink_kind' | 'sink_target', string | null>;

interface StartRow {
  id: string;
  given_below: number;
  next_seq: number;
}

interface RunRow {
  run: string;
  state: RunRecord['state'];
  fingerprint: string;
  cursor: string | null;
  cursor_count: number;
  digest: string | null;
  next_seq: number;
  stored: number;
  done: number;
  dead: number;
  done_elsewhere: number;
  started_at: number;
  finished_at: number | null;
  exit_code: number | null;
}

interface ItemRow {
  shapes: Buffer;
  body: Buffer;
}

interface FrameRow extends ItemRow {
  first: number;
  count: number;
  /** null: nothing is. */
  settled: string | null;
  ends: Buffer;
}

function runFromRow(row: RunRow): RunRecord {
  return {
    run: row.run,
    state: row.state,
    fingerprint: row.fingerprint,
    position: { cursor: row.cursor, count: row.cursor_count, digest: row.digest },
    nextSeq: row.next_seq,
    stored: row.stored,
    done: row.done,
    dead: row.dead,
    doneElsewhere: row.done_elsewhere,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    exitCode: row.exit_code,
  };
}

function rowFromRun(run: RunRecord): RunRow {
  return {
    run: run.run,
    state: run.state,
    fingerprint: run.fingerprint,
    cursor: run.position.cursor,
    cursor_count: run.position.count,
    digest: run.position.digest,
    next_seq: run.nextSeq,
    stored: run.stored,
    done: run.done,
    dead: run.dead,
    done_elsewhere: run.doneElsewhere,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    exit_code: run.exitCode,
  };
}

function frameFromRow({ first, count, settled, shapes, ends, body }: FrameRow): StoredFrame {
  return {
    first,
    frame: { count, shapes, ends, body, base: 0 },
    settled: Intervals.fromFlat(settled === null ? [] : (JSON.parse(settled) as number[])),
  };
}
