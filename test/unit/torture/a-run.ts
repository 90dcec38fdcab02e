/** The evidence of a small correct run, for tests to corrupt. */
import { digestOf, jsonCells, sqliteCells } from '../../../src/torture/canonical.ts';
import type { Call, Commit, Consumer, Evidence } from '../../../src/torture/evidence.ts';

const items = [1, 2, 3, 4, 5, 6].map((id) => ({ id, text: `item ${id}` }));
const digest = (seq: number): string => digestOf(items[seq - 1]);

/**
 * Six items, read twice from the third on: 1 and 2 done by process 10; 3 done in its second attempt, by 11; 4 without a result;
 * 5 with two; 6 dead.
 */
export function aTableRun(): Evidence {
  return run('table', (row) => sqliteCells(row));
}

/** The same run with lines of JSON. Process 10 died when 2 was written but not settled, so 11 has written it again. */
export function aLinesRun(): Evidence {
  const evidence = run('lines', (row) => jsonCells(row));
  const [first, second] = evidence.consumers as [Consumer, Consumer];
  first.hasClosed = false;
  const again = call(9, 2, [first.calls[1]!.rows![0]!]);
  second.calls.unshift(again);
  second.commits.unshift({ seqs: [2] });
  evidence.rows!.push({ trace: '11.9.0', cells: again.rows![0]! });
  return { ...evidence, delivery: 'call', ledger: undefined };
}

/**
 * The same run with a sink of parts, finished twice because the first process died. 10 had 2 in its part when it died,
 * but that was not settled, so 11 has done it again. 4 has no row: its commit has not moved the end of the part.
 */
export function aPartRun(): Evidence {
  const evidence = run('unread', () => ({}));
  const [first, second] = evidence.consumers as [Consumer, Consumer];
  first.commits = [
    { seqs: [1], part: '10' },
    { seqs: [2], part: '20' },
  ];
  second.calls.unshift(call(9, 2, []));
  second.commits = [
    { seqs: [2], part: '10' },
    { seqs: [3, 5], part: '40' },
    { seqs: [4], part: '40' },
  ];
  const parts = [
    { writer: 10, end: '10' },
    { writer: 11, end: '40' },
  ];
  const finishes = [
    { parts: [...parts], hasReturned: false },
    { parts: [...parts], hasReturned: true },
  ];
  return { ...evidence, delivery: 'part', rows: undefined, ledger: undefined, parts, finishes };
}

function call(number: number, seq: number, rows: Call['rows']): Call {
  return { call: number, seq, digest: digest(seq), rows };
}

function commits(...all: number[][]): Commit[] {
  return all.map((seqs) => ({ seqs }));
}

function run(sink: Evidence['sink'], cells: (row: object) => Record<string, string>): Evidence {
  const consumers: Consumer[] = [
    {
      writer: 10,
      calls: [call(1, 1, [cells(items[0]!)]), call(2, 2, [cells(items[1]!)]), call(3, 3, undefined)],
      commits: commits([1], [2]),
      hasClosed: true,
    },
    {
      writer: 11,
      calls: [
        call(1, 3, [cells(items[2]!)]),
        call(2, 4, []),
        call(3, 5, [cells(items[4]!), cells({ id: 5, text: 'and another' })]),
        call(4, 6, undefined),
      ],
      commits: commits([3, 4], [5]),
      hasClosed: true,
    },
  ];
  return {
    name: undefined,
    sink,
    delivery: 'transaction',
    isDeterministic: true,
    sourceItems: 6,
    emissions: [1, 2, 3, 4, 3, 4, 5, 6].map((seq) => ({ at: `#${seq}`, digest: digest(seq) })),
    hasSourceEnded: true,
    consumers,
    rows: consumers.flatMap(({ writer, calls }) =>
      calls.flatMap(({ call: number, rows = [] }) =>
        rows.map((row, i) => ({ trace: `${writer}.${number}.${i}`, cells: row })),
      ),
    ),
    ledger: [
      [1, 2],
      [3, 5],
    ],
    parts: [],
    finishes: undefined,
    dead: [{ seq: 6, digest: digest(6), isInSink: false }],
    books: { state: 'finished', stored: 6, done: 5, dead: 1, exitCode: 3 },
  };
}
