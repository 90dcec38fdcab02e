/**
 * What the processes of a watched pipeline write down, outside of everything that is on trial: a file for each process,
 * a line for each thing, written before it happens (or, of a commit, right after). What has been written outlives the
 * process, whatever kills it.
 */
import { openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Cells } from './canonical.ts';

export type ProducerEntry =
  /** The source yields an item: its place (the cursor, and how many since), and its digest. */
  { t: 'item'; at: string; digest: string } | { t: 'end' };

/** What a consumer is given, and makes of it. */
export type ConsumerEntry =
  /** `process` is called for an item, for the `call`th time in this process. */
  | { t: 'call'; call: number; seq: number; digest: string }
  /** What it returned. */
  | { t: 'rows'; call: number; rows: Cells[] };

/** What becomes of that. */
export type SinkEntry =
  /** The sink has said that these are committed, as pairs of first and last. */
  | { t: 'committed'; seqs: number[] }
  /** The sink has been closed in order: everything committed had been settled. */
  | { t: 'closed' };

export type Write<Entry> = (entry: Entry) => void;

/** Opens the journal of a process; `name` is its own. */
export function openJournal<Entry>(directory: string, name: string): Write<Entry> {
  // 'a': a line goes out in one write, and none can be lost in a buffer of ours.
  const fd = openSync(join(directory, `${name}.ndjson`), 'a', 0o600);
  return (entry) => void writeSync(fd, `${JSON.stringify(entry)}\n`);
}

/** How far the pipeline has come: grows with what is read and what is done, not with what is tried in vain. */
export function progressIn(directory: string): number {
  const isProgress = (file: string): boolean => file.startsWith('producer-') || file.startsWith('sink-');
  return readdirSync(directory)
    .filter(isProgress)
    .reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);
}

/** The journals in `directory` whose names begin with `prefix`: the rest of the name, and what is in it. */
export function* readJournals<Entry>(directory: string, prefix: string): Generator<[name: string, entries: Entry[]]> {
  for (const file of readdirSync(directory).toSorted()) {
    if (!file.startsWith(prefix) || !file.endsWith('.ndjson')) continue;
    const entries = wholeLines(readFileSync(join(directory, file), 'utf8')).map((line) => JSON.parse(line) as Entry);
    yield [file.slice(prefix.length, -'.ndjson'.length), entries];
  }
}

/** The lines of `text`; a last one that does not end was cut off by a kill, and does not count. */
export function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}
