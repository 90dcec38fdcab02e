import type { Cells } from './canonical.ts';
import type { Call, Evidence, FoundRow } from './evidence.ts';
import { tell, type Problem } from './problem.ts';

/** An item: its digest, and the calls of `process` for it. */
export interface Item {
  digest: string;
  calls: { writer: number; call: Call }[];
}

export interface RowsVerdict {
  found: number;
  /** Items with rows from more than one call. */
  repeated: number;
  problems: Problem[];
}

/** Checks the rows of each done item: the sink must have all of them, each once, unchanged, and no others. */
export function judgeRows(
  evidence: Evidence,
  items: ReadonlyMap<number, Item>,
  done: ReadonlySet<number>,
): RowsVerdict {
  const { rows, delivery } = evidence;
  if (!rows) return { found: 0, repeated: 0, problems: [] };
  const problems: Problem[] = [];
  const found = rowsByCall(evidence, rows, problems);
  const several: number[] = [];
  const again: number[] = [];
  const incomplete: number[] = [];
  const unsettled: number[] = [];
  for (const [seq, { calls }] of items) {
    const written = calls.filter(({ call }) => (found.get(call)?.size ?? 0) > 0);
    const isComplete = calls.some(({ call }) => call.rows && (found.get(call)?.size ?? 0) === call.rows.length);
    if (written.length > 1) several.push(seq);
    if (new Set(written.map(({ writer }) => writer)).size < written.length) again.push(seq);
    if (done.has(seq) && !isComplete) incomplete.push(seq);
    if (!done.has(seq) && written.length > 0) unsettled.push(seq);
  }
  for (const seq of done) if (!items.has(seq)) incomplete.push(seq);
  tell(problems, 'missing', incomplete, (seq) => `item ${seq} is done, but some of its rows are missing from the sink`);
  tell(problems, 'twice', again, (seq) => `one process wrote the rows of item ${seq} twice`);
  if (delivery !== 'call') {
    tell(problems, 'twice', several, (seq) => `the sink has rows of two attempts at item ${seq}`);
    tell(problems, 'invented', unsettled, (seq) => `the sink has rows of item ${seq}, although it is not done`);
  }
  return { found: rows.length, repeated: several.length, problems };
}

/** For each call, which of its rows are in the sink. */
function rowsByCall(evidence: Evidence, rows: readonly FoundRow[], problems: Problem[]): Map<Call, Set<number>> {
  const calls = new Map<string, Call>();
  for (const { writer, calls: own } of evidence.consumers) {
    for (const call of own) calls.set(`${writer}.${call.call}`, call);
  }
  const found = new Map<Call, Set<number>>();
  const cases = { invented: [] as FoundRow[], twice: [] as FoundRow[], altered: [] as FoundRow[] };
  for (const row of rows) {
    const [writer, number, place] = row.trace?.split('.') ?? [];
    const call = calls.get(`${writer}.${number}`);
    const expected = call?.rows?.[Number(place)];
    if (!call || !expected) {
      cases.invented.push(row);
      continue;
    }
    const places = found.get(call) ?? new Set();
    found.set(call, places);
    if (places.has(Number(place))) cases.twice.push(row);
    places.add(Number(place));
    if (!isAsExpected(expected, row.cells)) cases.altered.push(row);
  }
  const shown = ({ cells }: FoundRow): string => JSON.stringify(cells).slice(0, 200);
  tell(
    problems,
    'invented',
    cases.invented,
    (row) => `the sink has a row that this run did not produce: ${shown(row)}`,
  );
  tell(problems, 'twice', cases.twice, (row) => `the sink has a row twice: ${shown(row)}`);
  tell(problems, 'altered', cases.altered, (row) => `a row is not what \`process\` returned: ${shown(row)}`);
  return found;
}

/** A table may have columns with defaults, so additional columns do not count. */
function isAsExpected(expected: Cells, found: Cells): boolean {
  return Object.entries(expected).every(([name, text]) => found[name] === text);
}
