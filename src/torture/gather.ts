/** Collects what a round has left in the journals, the sinks and the queue. Nothing is judged here. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, jsonCells, recordDigest } from './canonical.ts';
import { readBooks, readParts, readSink, type SettledPart } from './databases.ts';
import { emissionsOf } from './emissions.ts';
import type { Call, Commit, Consumer, Evidence, Finish, FoundRow } from './evidence.ts';
import {
  readJournals,
  wholeLines,
  type ConsumerEntry,
  type FinishEntry,
  type ProducerEntry,
  type SinkEntry,
} from './journal.ts';
import { markName, sinkField } from './mark.ts';
import type { Places } from './places.ts';
import { eachSink, sinkKind, tablesOf } from './sink-kind.ts';
import type { DeadLetter } from '../core/dead-letters.ts';
import { encodedText } from '../frame/record-text.ts';
import type { Pipeline } from '../pipeline/types.ts';
import { deadLettersAtRest, readDeadLetters } from '../queue/spool/dead-letters.ts';
import { sinkId, type Sink } from '../sinks/port.ts';
import { isDeterministic } from '../sources/port.ts';
import { spoolFile } from '../queue/spool/directory.ts';

/** The evidence for each sink. */
export function gatherEvidence(
  pipeline: Pipeline,
  places: Places,
  { state, sourceItems }: { state: string; sourceItems: number | undefined },
): Evidence[] {
  const spool = spoolFile(state);
  const sinks = eachSink(pipeline.sink);
  const letters = deadIn(spool);
  const run = {
    isDeterministic: isDeterministic(pipeline),
    sourceItems,
    ...producersIn(places.journal),
    books: readBooks(spool),
  };
  return sinks.map((sink, number) => {
    const id = sinkId(sink);
    return {
      ...run,
      name: sinks.length > 1 ? id : undefined,
      sink: sinkKind(sink).kind,
      delivery: sink.delivery,
      consumers: consumersIn(places.journal, number),
      ...found(sink, number, places),
      parts: sink.delivery === 'part' ? readParts(spool, id) : [],
      finishes: sink.finish && finishesIn(places.journal, number),
      dead: letters.map(({ inSinks, ...letter }) => ({ ...letter, isInSink: inSinks.includes(id) })),
    };
  });
}

function found(sink: Sink<unknown>, number: number, places: Places): Pick<Evidence, 'rows' | 'ledger'> {
  const { kind } = sinkKind(sink);
  if (kind === 'table') {
    const { tables } = tablesOf(sink);
    return readSink(
      places.database(number),
      tables.map(({ table }) => table),
    );
  }
  return { rows: kind === 'lines' ? linesIn(places.output, number) : undefined, ledger: undefined };
}

function producersIn(directory: string): Pick<Evidence, 'emissions' | 'hasSourceEnded'> {
  const journals = [...readJournals<ProducerEntry>(directory, 'producer-')].map(([, entries]) => entries);
  return {
    emissions: emissionsOf(journals),
    hasSourceEnded: journals.flat().some(({ t }) => t === 'end'),
  };
}

function consumersIn(directory: string, sink: number): Consumer[] {
  const consumers: Consumer[] = [];
  const sinks = new Map(readJournals<SinkEntry>(directory, `sink-${sink}-`));
  for (const [writer, entries] of readJournals<ConsumerEntry>(directory, 'consumer-')) {
    const calls = new Map<number, Call>();
    for (const entry of entries) {
      if (entry.t === 'call') calls.set(entry.call, { ...entry, rows: undefined });
      else calls.get(entry.call)!.rows = entry.rows[sink];
    }
    const said = sinks.get(writer) ?? [];
    consumers.push({
      writer: Number(writer),
      calls: [...calls.values()],
      commits: said.flatMap((entry) => (entry.t === 'committed' ? [commitOf(entry)] : [])),
      // A sink may be closed and opened again.
      hasClosed: said.at(-1)?.t === 'closed',
    });
  }
  return consumers.toSorted((a, b) => a.writer - b.writer);
}

function commitOf({ seqs, part }: Extract<SinkEntry, { t: 'committed' }>): Commit {
  return { seqs: seqsOf(seqs), ...(part !== undefined && { part: JSON.stringify(part) }) };
}

function finishesIn(directory: string, sink: number): Finish[] {
  const finishes: Finish[] = [];
  for (const [, entries] of readJournals<FinishEntry>(directory, `finish-${sink}-`)) {
    for (const entry of entries) {
      if (entry.t === 'finished') finishes.at(-1)!.hasReturned = true;
      else finishes.push({ parts: entry.parts.map(settledPart), hasReturned: false });
    }
  }
  return finishes;
}

function settledPart({ writer, part }: { writer: number; part: unknown }): SettledPart {
  return { writer, end: JSON.stringify(part) };
}

function seqsOf(flat: readonly number[]): number[] {
  const seqs: number[] = [];
  for (let i = 0; i < flat.length; i += 2) for (let seq = flat[i]!; seq <= flat[i + 1]!; seq++) seqs.push(seq);
  return seqs;
}

/** A line that cannot be read belongs to no sink, and so to each. */
function linesIn(directory: string, sink: number): FoundRow[] {
  return readdirSync(directory)
    .flatMap((file) => wholeLines(readFileSync(join(directory, file), 'utf8')).map(rowOfLine))
    .filter((row) => row.sink === undefined || row.sink === sink);
}

function rowOfLine(line: string): FoundRow & { sink?: number } {
  try {
    const {
      [markName]: trace,
      [sinkField]: sink,
      row,
    } = JSON.parse(line) as { [markName]: string; [sinkField]: number; row: unknown };
    return { trace, cells: jsonCells(row), sink };
  } catch {
    return { trace: null, cells: { row: line.slice(0, 100) } };
  }
}

const pageItems = 1000;

function deadIn(spool: string): { seq: number; digest: string; inSinks: readonly string[] }[] {
  const dead: ReturnType<typeof deadIn> = [];
  const letters = deadLettersAtRest(spool, { onRedacted: () => undefined });
  for (;;) {
    const page = readDeadLetters(letters, { after: dead.at(-1)?.seq ?? 0, limit: pageItems });
    for (const letter of page) {
      const { seq, inSinks = [] } = letter;
      dead.push({ seq, digest: digestOfDead(letter), inSinks });
    }
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
