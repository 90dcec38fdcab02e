/**
 * What must be true in a spool, whatever has happened to the processes that used it. Each check only reads. It reports each
 * problem in one sentence.
 */
import type Database from 'better-sqlite3';
import { plural } from '../../core/figures.ts';
import { Intervals } from '../../core/intervals.ts';
import { FrameDecoder } from '../../frame/codec.ts';
import { frameBytes, joinItems, type Frame } from '../../frame/frame.ts';
import { holdsRecords, RecordCutter } from '../../frame/records.ts';

/** The problems; none if the spool is consistent. */
type Check = (db: Database.Database) => Iterable<string>;

/** How many problems of each kind are reported; the rest is only counted. */
const reportedOfEach = 10;

/** Whether SQLite can read the file at all. If not, nothing else can be checked. */
export function damageIn(db: Database.Database): string[] {
  const found = db.pragma(`integrity_check(${reportedOfEach})`) as { integrity_check: string }[];
  return found.map(({ integrity_check: line }) => line).filter((line) => line !== 'ok');
}

/** Contradictions within the spool. */
export function disagreementsIn(db: Database.Database): string[] {
  return checks.flatMap((check) => {
    const problems = [...check(db)];
    const unreported = problems.length - reportedOfEach;
    return unreported > 0 ? [...problems.slice(0, reportedOfEach), `… and ${unreported} more of this kind`] : problems;
  });
}

interface FrameRow {
  first: number;
  count: number;
  bytes: number;
  shapes: Buffer;
  ends: Buffer;
  body: Buffer;
  settled: string | null;
  settledCount: number | null;
}

interface ItemRow {
  seq: number;
  shapes: Buffer;
  body: Buffer;
  error: string;
}

function* framesAreWhole(db: Database.Database): Iterable<string> {
  const decoder = new FrameDecoder();
  const rows = db.prepare('SELECT * FROM frames ORDER BY first').iterate() as Iterable<FrameRow>;
  for (const { first, count, bytes, shapes, ends, body } of rows) {
    const frame: Frame = { count, shapes, ends, body, base: 0 };
    if (count < 1) yield `frame ${first} holds ${plural(count, 'item')}`;
    else if (frameBytes(frame) !== bytes)
      yield `frame ${first} should have ${bytes} bytes but has ${frameBytes(frame)}`;
    else yield* unreadableItems(`frame ${first}`, frame, decoder);
  }
}

function* unreadableItems(where: string, frame: Frame, decoder: FrameDecoder): Iterable<string> {
  try {
    // Only their source can decode raw records.
    const read = holdsRecords(frame) ? recordReader(frame) : decoder.reader(frame);
    for (let index = 0; index < frame.count; index++) read(index);
  } catch (error) {
    yield `${where} holds an item that cannot be read: ${(error as Error).message}`;
  }
}

function recordReader(frame: Frame): (index: number) => unknown {
  const cutter = new RecordCutter(frame);
  return (index) => cutter.cut(index, index, 0);
}

function* framesDoNotOverlap(db: Database.Database): Iterable<string> {
  const rows = db
    .prepare(
      'SELECT * FROM (SELECT first, first + count AS next, lead(first) OVER (ORDER BY first) AS following FROM frames) WHERE next > following',
    )
    .all() as { first: number; following: number }[];
  for (const { first, following } of rows) yield `frames ${first} and ${following} overlap`;
}

function* progressIsOfFrames(db: Database.Database): Iterable<string> {
  const rows = db
    .prepare(
      'SELECT progress.first, count, settled, settled_count AS settledCount FROM progress LEFT JOIN frames USING (first)',
    )
    .iterate() as Iterable<{ first: number; count: number | null; settled: string; settledCount: number }>;
  for (const { first, count, settled, settledCount } of rows) {
    const what = `the progress of frame ${first}`;
    if (count === null) {
      yield `${what} exists, but the frame does not`;
      continue;
    }
    const done = intervalsOf(settled);
    if (!done) yield `${what} cannot be read: ${settled.slice(0, 100)}`;
    else if (done.size !== settledCount) yield `${what} counts ${settledCount} settled items but lists ${done.size}`;
    else if (done.isEmpty || done.size >= count)
      yield `${what} covers ${done.size} of ${plural(count, 'item')} and should not exist`;
    else if (done.first! < first || done.last! >= first + count) yield `${what} lists items that are not in the frame`;
  }
}

function intervalsOf(text: string): Intervals | undefined {
  try {
    return Intervals.fromFlat(JSON.parse(text) as number[]);
  } catch {
    return undefined;
  }
}

/** Each item is in one place only: unsettled in a frame, waiting for a retry, or dead. */
function* itemsAreInOnePlace(db: Database.Database): Iterable<string> {
  const both = db.prepare('SELECT seq FROM retries JOIN dead USING (seq)').pluck().all() as number[];
  for (const seq of both) yield `item ${seq} both waits for a retry and is a dead letter`;
  const frameOf = db.prepare(
    'SELECT first, count, settled FROM frames LEFT JOIN progress USING (first) WHERE first <= ? ORDER BY first DESC LIMIT 1',
  );
  for (const [table, state] of [
    ['retries', 'waits for a retry'],
    ['dead', 'is dead'],
  ] as const) {
    for (const seq of db.prepare(`SELECT seq FROM ${table}`).pluck().iterate() as Iterable<number>) {
      const frame = frameOf.get(seq) as { first: number; count: number; settled: string | null } | undefined;
      if (!frame || seq >= frame.first + frame.count) continue;
      if (!intervalsOf(frame.settled ?? '[]')?.has(seq))
        yield `item ${seq} ${state}, but also waits in frame ${frame.first}`;
    }
  }
}

function* itemsOnTheirOwnAreWhole(db: Database.Database): Iterable<string> {
  const decoder = new FrameDecoder();
  for (const table of ['retries', 'dead'] as const) {
    const rows = db.prepare(`SELECT seq, shapes, body, error FROM ${table}`).iterate() as Iterable<ItemRow>;
    for (const { seq, shapes, body, error } of rows) {
      const what = table === 'dead' ? `dead letter ${seq}` : `retry ${seq}`;
      yield* unreadableItems(what, joinItems(shapes, [body]), decoder);
      if (!isJson(error)) yield `${what} has an error that cannot be read`;
    }
  }
}

function* seqsHaveBeenGivenOut(db: Database.Database): Iterable<string> {
  const nextSeq = (db.prepare('SELECT max(next_seq) FROM run').pluck().get() as number | null) ?? 1;
  const last = db.prepare(`
    SELECT (SELECT max(first + count - 1) FROM frames) AS frames, (SELECT max(seq) FROM retries) AS retries,
      (SELECT max(seq) FROM dead) AS dead`);
  for (const [table, seq] of Object.entries(last.get() as Record<string, number | null>)) {
    if (seq !== null && seq >= nextSeq) yield `${table} holds item ${seq}, but the next new item would be ${nextSeq}`;
  }
}

interface Run {
  run: string;
  state: string;
  stored: number;
  done: number;
  dead: number;
  exit_code: number | null;
}

function* runCountsAreRight(db: Database.Database): Iterable<string> {
  const run = db.prepare('SELECT * FROM run ORDER BY number DESC LIMIT 1').get() as Run | undefined;
  const { open, dead } = db
    .prepare(
      `SELECT (SELECT coalesce(sum(count), 0) FROM frames) - (SELECT coalesce(sum(settled_count), 0) FROM progress)
         + (SELECT count(*) FROM retries) AS open, (SELECT count(*) FROM dead WHERE run = ?) AS dead`,
    )
    .get(run?.run ?? '') as { open: number; dead: number };
  if (!run) {
    if (open > 0) yield `${plural(open, 'item is', 'items are')} waiting, but there is no run`;
    return;
  }
  const { stored, done } = run;
  if (run.dead !== dead) yield `the run counts ${plural(run.dead, 'dead letter')}, but there are ${dead}`;
  if (stored !== done + run.dead + open) {
    yield `the run counts ${plural(stored, 'item')}, but ${done} done, ${run.dead} dead and ${open} open`;
  }
  const isOver = run.state === 'finishing' || run.state === 'finished';
  if (isOver && open > 0) yield `the run is ${run.state}, but ${plural(open, 'item is', 'items are')} open`;
  if ((run.state === 'finished') !== (run.exit_code !== null)) {
    yield `the run is ${run.state}, with ${run.exit_code === null ? 'no exit code' : `exit code ${run.exit_code}`}`;
  }
}

function* startsAreInOrder(db: Database.Database): Iterable<string> {
  const spools = db.prepare('SELECT id, generation FROM spool').all() as { id: string; generation: number }[];
  if (spools.length !== 1) return yield `there are ${spools.length} rows about the queue itself, but there must be one`;
  const [{ id, generation }] = spools as [{ id: string; generation: number }];
  if (id === '') yield 'the queue has no id';
  const last = db.prepare('SELECT max(generation) FROM starts').pluck().get() as number | null;
  if (last !== null && last !== generation)
    yield `the queue counts ${generation} starts, but the last one recorded is ${last}`;
}

function* limitsAreReadable(db: Database.Database): Iterable<string> {
  for (const { name, data } of db.prepare('SELECT name, data FROM limits').all() as { name: string; data: string }[]) {
    if (!isJson(data)) yield `the record of limit ${name} cannot be read`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const checks: readonly Check[] = [
  framesAreWhole,
  framesDoNotOverlap,
  progressIsOfFrames,
  itemsAreInOnePlace,
  itemsOnTheirOwnAreWhole,
  seqsHaveBeenGivenOut,
  runCountsAreRight,
  startsAreInOrder,
  limitsAreReadable,
];
