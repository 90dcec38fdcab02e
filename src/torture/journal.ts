/**
 * The journals of a watched pipeline's processes, independent of everything that is under test. Each process has a file,
 * with one line for each event, written before the event (for a commit, right after it). Written lines outlive the process,
 * whatever kills it.
 */
import { openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Cells } from './canonical.ts';

/** What the source does. Cursors are represented by their digests; `''` is the start of the source. */
export type ProducerEntry =
  /** The source begins to read after this cursor. */
  | { t: 'open'; after: string }
  /** It yields items or raw records, with these digests. */
  | { t: 'items'; digests: string[] }
  /** It reports a cursor, which covers all items so far. */
  | { t: 'cursor'; cursor: string }
  | { t: 'end' };

/** The calls of `process` in a consumer. */
export type ConsumerEntry =
  /** `process` is called for an item, for the `call`th time in this process. */
  | { t: 'call'; call: number; seq: number; digest: string }
  /** What it returned: for each sink, the rows that are expected there. */
  | { t: 'rows'; call: number; rows: Cells[][] };

/** What a sink does with the results. */
export type SinkEntry =
  /** It reported these seqs as committed, in pairs of first and last. `part`: where the writer's part ended then. */
  | { t: 'committed'; seqs: number[]; part?: unknown }
  /** The sink was closed cleanly: everything committed had been settled. */
  | { t: 'closed' };

/** What a sink does at the end of the run. */
export type FinishEntry =
  /** `finish` is called with the parts of these writers. */
  | { t: 'finish'; parts: { writer: number; part: unknown }[] }
  /** It has returned. */
  | { t: 'finished' };

export type Write<Entry> = (entry: Entry) => void;

/** Opens the journal of a process; `name` must be unique. */
export function openJournal<Entry>(directory: string, name: string): Write<Entry> {
  // 'a': each line is one write, and no line can be lost in a buffer of ours.
  const fd = openSync(join(directory, `${name}.ndjson`), 'a', 0o600);
  return (entry) => void writeSync(fd, `${JSON.stringify(entry)}\n`);
}

/** How far the pipeline has come: grows with items that are read or done, not with failed attempts. */
export function progressIn(directory: string): number {
  const isProgress = (file: string): boolean => /^(producer|sink|finish)-/.test(file);
  return readdirSync(directory)
    .filter(isProgress)
    .reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);
}

/** The journals in `directory` whose names begin with `prefix`: the rest of each name, and the entries. */
export function* readJournals<Entry>(directory: string, prefix: string): Generator<[name: string, entries: Entry[]]> {
  for (const file of readdirSync(directory).toSorted()) {
    if (!file.startsWith(prefix) || !file.endsWith('.ndjson')) continue;
    const entries = wholeLines(readFileSync(join(directory, file), 'utf8')).map((line) => JSON.parse(line) as Entry);
    yield [file.slice(prefix.length, -'.ndjson'.length), entries];
  }
}

/** The complete lines of `text`. A last line without an end was cut off by a kill and does not count. */
export function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}
