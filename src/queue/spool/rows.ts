import { Intervals } from '../../core/intervals.ts';
import type { RunRecord, StoredFrame } from '../store.ts';

/** A row of `run`. */
export interface RunRow {
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
  params: string;
  started_at: number;
  finished_at: number | null;
  exit_code: number | null;
}

/** An item in a row of its own. */
export interface ItemRow {
  shapes: Buffer;
  body: Buffer;
}

/** A row of `frames`, with its row of `progress`. */
export interface FrameRow extends ItemRow {
  first: number;
  count: number;
  /** Null if none of its items is settled. */
  settled: string | null;
  ends: Buffer;
}

export function runFromRow(row: RunRow): RunRecord {
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
    params: JSON.parse(row.params) as RunRecord['params'],
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    exitCode: row.exit_code,
  };
}

export function rowFromRun(run: RunRecord): RunRow {
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
    params: JSON.stringify(run.params),
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    exit_code: run.exitCode,
  };
}

export function frameFromRow({ first, count, settled, shapes, ends, body }: FrameRow): StoredFrame {
  return {
    first,
    frame: { count, shapes, ends, body, base: 0 },
    settled: Intervals.fromFlat(settled === null ? [] : (JSON.parse(settled) as number[])),
  };
}
