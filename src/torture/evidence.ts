/** Collects what a round has left in the journals, the sink and the queue. Nothing is judged here. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, jsonCells, recordDigest, type Cells } from './canonical.ts';
import { readBooks, readSink, type Books } from './databases.ts';
import { emissionsOf, type Emission } from './emissions.ts';
import { readJournals, wholeLines, type ConsumerEntry, type ProducerEntry, type SinkEntry } from './journal.ts';
import { markName } from './mark.ts';
import type { Places } from './places.ts';
import { sinkKind, tableOf, type SinkKind } from './sink-kind.ts';
import type { DeadLetter } from '../core/dead-letters.ts';
import { encodedText } from '../frame/record-text.ts';
import type { Pipeline } from '../pipeline/types.ts';
import { deadLettersAtRest, readDeadLetters } from '../queue/spool/dead-letters.ts';
import { isDeterministic } from '../sources/port.ts';
import { spoolFile } from '../supervision/starting/opening.ts';

export interface Evidence {
  sink: SinkKind;
  isTransactional: boolean;
  isDeterministic: boolean;
  /** How many items the source has, if that is known from elsewhere. */
  sourceItems: number | undefined;
  emissions: Emission[];
  hasSourceEnded: boolean;
  consumers: Consumer[];
  /** The content of the sink; undefined if it cannot be read. */
  rows: FoundRow[] | undefined;
  /** All entries that the ledger ever had, as pairs of first and last seq; undefined if there is no ledger to read. */
  ledger: [number, number][] | undefined;
  dead: { seq: number; digest: string }[];
  books: Books;
}

/** A consumer process, according to its journal. */
export interface Consumer {
  /** Rises from process to process. */
  writer: number;
  calls: Call[];
  /** Its commits, in order. */
  commits: number[][];
  hasClosed: boolean;
}

export interface Call {
  call: number;
  seq: number;
  digest: string;
  /** Undefined if it did not return. */
  rows: Cells[] | undefined;
}

export interface FoundRow {
  /** `writer.call.index`; null if it has none. */
  trace: string | null;
  cells: Cells;
}

export function gatherEvidence(
  pipeline: Pipeline,
  places: Places,
  { state, sourceItems }: { state: string; sourceItems: number | undefined },
): Evidence {
  const { kind } = sinkKind(pipeline.sink);
  const spool = spoolFile(state);
  return {
    sink: kind,
    isTransactional: pipeline.sink.delivery === 'transaction',
    isDeterministic: isDeterministic(pipeline),
    sourceItems,
    ...producersIn(places.journal),
    consumers: consumersIn(places.journal),
    ...found(kind, pipeline, places),
    dead: deadIn(spool),
    books: readBooks(spool),
  };
}

function found(kind: SinkKind, { sink }: Pipeline, places: Places): Pick<Evidence, 'rows' | 'ledger'> {
  if (kind === 'table') return readSink(places.database, tableOf(sink));
  return { rows: kind === 'lines' ? linesIn(places.output) : undefined, ledger: undefined };
}

function producersIn(directory: string): Pick<Evidence, 'emissions' | 'hasSourceEnded'> {
  const journals = [...readJournals<ProducerEntry>(directory, 'producer-')].map(([, entries]) => entries);
  return {
    emissions: emissionsOf(journals),
    hasSourceEnded: journals.flat().some(({ t }) => t === 'end'),
  };
}

function consumersIn(directory: string): Consumer[] {
  const consumers: Consumer[] = [];
  const sinks = new Map(readJournals<SinkEntry>(directory, 'sink-'));
  for (const [writer, entries] of readJournals<ConsumerEntry>(directory, 'consumer-')) {
    const calls = new Map<number, Call>();
    for (const entry of entries) {
      if (entry.t === 'call') calls.set(entry.call, { ...entry, rows: undefined });
      else calls.get(entry.call)!.rows = entry.rows;
    }
    const said = sinks.get(writer) ?? [];
    consumers.push({
      writer: Number(writer),
      calls: [...calls.values()],
      commits: said.flatMap((entry) => (entry.t === 'committed' ? [seqsOf(entry.seqs)] : [])),
      // A sink may be closed and opened again.
      hasClosed: said.at(-1)?.t === 'closed',
    });
  }
  return consumers.toSorted((a, b) => a.writer - b.writer);
}

function seqsOf(flat: readonly number[]): number[] {
  const seqs: number[] = [];
  for (let i = 0; i < flat.length; i += 2) for (let seq = flat[i]!; seq <= flat[i + 1]!; seq++) seqs.push(seq);
  return seqs;
}

function linesIn(directory: string): FoundRow[] {
  return readdirSync(directory).flatMap((file) =>
    wholeLines(readFileSync(join(directory, file), 'utf8')).map(rowOfLine),
  );
}

function rowOfLine(line: string): FoundRow {
  try {
    const { [markName]: trace, row } = JSON.parse(line) as { [markName]: string; row: unknown };
    return { trace, cells: jsonCells(row) };
  } catch {
    return { trace: null, cells: { row: line.slice(0, 100) } };
  }
}

const pageItems = 1000;

function deadIn(spool: string): Evidence['dead'] {
  const dead: Evidence['dead'] = [];
  const letters = deadLettersAtRest(spool, { onRedacted: () => undefined });
  for (;;) {
    const page = readDeadLetters(letters, { after: dead.at(-1)?.seq ?? 0, limit: pageItems });
    dead.push(...page.map((letter) => ({ seq: letter.seq, digest: digestOfDead(letter) })));
    if (page.length < pageItems) return dead;
  }
}

/** Of a raw record, by the bytes that its letter shows. */
function digestOfDead({ item, record }: DeadLetter): string {
  if (!record) return digestOf(item);
  const { base64, encoding, length } = record;
  const bytes = base64 === undefined ? encodedText(item as string, encoding) : Buffer.from(base64, 'base64');
  return bytes ? recordDigest(bytes, length) : digestOf(item);
}
