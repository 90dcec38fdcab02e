import { statSync } from 'node:fs';
import type { ParamValues } from '../../core/params.ts';
import { lastStartIn, type LastStart } from './last-start.ts';
import { readingFailure } from './failure.ts';
import { hasColumn, isEmpty, openForReading, ownerIn, redactedIn } from './reading.ts';
import type { RunState } from '../store.ts';

/** The content of the queue of a pipeline that does not run. */
export interface RestingQueue {
  /** The pipeline's name; null if no start has recorded it. */
  pipeline: string | null;
  /** The latest run; null before the first. */
  run: {
    run: string;
    state: RunState;
    startedAt: number;
    finishedAt: number | null;
    exitCode: number | null;
    params: ParamValues;
    stored: number;
    done: number;
    /** Items of this run that became dead letters. */
    dead: number;
  } | null;
  /** Items that are not settled yet: waiting in the queue, and waiting for a retry. */
  queued: number;
  retrying: number;
  /** Bytes of both. */
  bytes: number;
  /** All dead letters, of earlier runs as well. */
  deadLetters: number;
  lastStart: LastStart | null;
  /** The names that it knew to be secret. */
  redact: readonly string[];
  /** Wall-clock time of the last write to the queue's file or its log. */
  writtenAt: number;
}

interface RunRow extends Omit<NonNullable<RestingQueue['run']>, 'params'> {
  params: string;
}

/**
 * Reads the state of a queue that no supervisor has, and changes nothing. The queue is locked for a few short queries; no
 * item is read. Throws as `openForReading` does. Only for processes that hold no spool themselves.
 */
export function lookAtRest(file: string, pipeline?: string): RestingQueue {
  // First, because reading the database may touch files next to it.
  const writtenAt = Math.max(
    ...[file, `${file}-wal`].map((each) => statSync(each, { throwIfNoEntry: false })?.mtimeMs ?? 0),
  );
  const { db, close } = openForReading(file, pipeline);
  try {
    if (isEmpty(db)) return { ...unused, writtenAt };
    const params = hasColumn(db, 'run', 'params') ? 'params' : "'{}' AS params";
    const row = db
      .prepare(
        `SELECT run, state, started_at AS startedAt, finished_at AS finishedAt, exit_code AS exitCode, stored, done, dead, ${params}
         FROM run ORDER BY number DESC LIMIT 1`,
      )
      .get() as RunRow | undefined;
    const run = row === undefined ? null : { ...row, params: JSON.parse(row.params) as ParamValues };
    const counts = db
      .prepare(
        `SELECT (SELECT coalesce(sum(count), 0) FROM frames) - (SELECT coalesce(sum(settled_count), 0) FROM progress) AS queued,
           (SELECT count(*) FROM retries) AS retrying,
           (SELECT coalesce(sum(bytes), 0) FROM frames)
             + (SELECT coalesce(sum(length(shapes) + length(body) + 4), 0) FROM retries) AS bytes,
           (SELECT count(*) FROM dead) AS deadLetters`,
      )
      .get() as Pick<RestingQueue, 'queued' | 'retrying' | 'bytes' | 'deadLetters'>;
    const pipelineName = ownerIn(db) ?? null;
    return { pipeline: pipelineName, run, ...counts, lastStart: lastStartIn(db), redact: redactedIn(db), writtenAt };
  } catch (error) {
    throw readingFailure(error, file);
  } finally {
    close();
  }
}

const unused = {
  pipeline: null,
  run: null,
  queued: 0,
  retrying: 0,
  bytes: 0,
  deadLetters: 0,
  lastStart: null,
  redact: [],
} satisfies Partial<RestingQueue>;
