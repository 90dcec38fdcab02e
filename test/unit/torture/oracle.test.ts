import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../../../src/torture/evidence.ts';
import { judge, judgeAll } from '../../../src/torture/oracle.ts';
import type { ProblemKind } from '../../../src/torture/problem.ts';
import { aLinesRun, aPartRun, aTableRun } from './a-run.ts';

/** Changes the evidence, as if the product had lost something, stored something twice… */
type Spoil = (evidence: Evidence) => void;

const runs = { 'a table': aTableRun, lines: aLinesRun };

function kindsOf(make: () => Evidence, spoil: Spoil): ProblemKind[] {
  const evidence = make();
  spoil(evidence);
  return [...new Set(judge(evidence).problems.map(({ kind }) => kind))];
}

describe.each(Object.entries(runs))('the oracle of a run into %s', (_, make) => {
  it('finds nothing if all is well', () => {
    const { problems, unchecked, ...counts } = judge(make());
    expect(problems).toEqual([]);
    expect(unchecked).toEqual([]);
    expect(counts).toMatchObject({ emitted: 6, done: 5, dead: 1 });
  });

  const spoils: [ProblemKind, string, Spoil][] = [
    [
      'missing',
      'an item that was lost before it was stored',
      ({ emissions }) => void emissions.push({ at: '#7', digest: 'of the seventh' }),
    ],
    ['missing', 'a row that is not in the sink', ({ rows }) => void rows!.shift()],
    ['missing', 'one of the two rows of an item', ({ rows }) => void rows!.splice(4, 1)],
    ['missing', 'a source that was not read to its end', (evidence) => void (evidence.hasSourceEnded = false)],
    ['missing', 'a dead letter that was lost', ({ dead }) => void dead.pop()],
    ['twice', 'a row that is in the sink twice', ({ rows }) => void rows!.push(rows![0]!)],
    [
      'twice',
      'an item that was stored twice',
      (evidence) => {
        const [{ calls, commits }] = evidence.consumers as [Evidence['consumers'][0]];
        calls.push({ ...calls[0]!, call: 4, seq: 7 });
        commits.unshift({ seqs: [7] });
        evidence.ledger?.push([7, 7]);
        evidence.rows!.push({ trace: '10.4.0', cells: calls[0]!.rows![0]! });
      },
    ],
    [
      'altered',
      'a row with another value',
      ({ rows }) => void (rows![0] = { ...rows![0]!, cells: { id: '1', text: 'x' } }),
    ],
    [
      'altered',
      'an item that had changed when it was seen again',
      ({ consumers }) => void (consumers[1]!.calls.find(({ seq }) => seq === 3)!.digest = 'other'),
    ],
    ['invented', 'a row that no process made', ({ rows }) => void rows!.push({ trace: '10.99.0', cells: {} })],
    ['invented', 'a row without a mark', ({ rows }) => void rows!.push({ trace: null, cells: {} })],
    [
      'invented',
      'an item that the source never emitted',
      ({ emissions }) => {
        for (const each of emissions) if (each.at === '#4') each.digest = 'x';
      },
    ],
    ['books', 'books that count more items as done than there are', ({ books }) => void (books.done += 1)],
    ['books', 'an exit code that hides dead letters', ({ books }) => void (books.exitCode = 0)],
    ['books', 'a source with more items than were emitted', (evidence) => void (evidence.sourceItems = 7)],
    ['unfinished', 'a run that is not finished', ({ books }) => void (books.state = 'sealed')],
  ];
  it.each(spoils)('finds %s: %s', (kind, __, spoil) => {
    expect(kindsOf(make, spoil)).toContain(kind);
  });
});

describe('the oracle', () => {
  it.each<[ProblemKind, string, Spoil]>([
    ['twice', 'an item that is in the sink and dead', ({ dead }) => void dead.push({ ...dead[0]!, seq: 5 })],
    ['twice', 'an item that is in the ledger twice', ({ ledger }) => void ledger!.push([2, 2])],
    [
      'twice',
      'rows of two attempts at an item',
      ({ consumers, rows }) => {
        const made = consumers[1]!.calls[0]!.rows!;
        consumers[0]!.calls[2]!.rows = made;
        rows!.push({ trace: '10.3.0', cells: made[0]! });
      },
    ],
    ['invented', 'rows of an item that is not in the ledger', ({ ledger }) => void (ledger![0] = [1, 1])],
    ['missing', 'an item in the ledger without any row', ({ rows }) => void rows!.splice(0, 1)],
    ['invented', 'an item in the ledger that no process ever had', ({ ledger }) => void ledger!.push([8, 8])],
  ])('of a transactional sink finds %s: %s', (kind, _, spoil) => {
    expect(kindsOf(aTableRun, spoil)).toContain(kind);
  });

  it('allows a sink without transactions to repeat an item that was in hand when a process died', () => {
    expect(judge(aLinesRun())).toMatchObject({ problems: [], repeated: 1 });
  });

  it('allows that also for a part of a commit, which is settled in parts when another sink refuses one of its rows', () => {
    const evidence = aLinesRun();
    evidence.consumers[0]!.commits = [{ seqs: [1, 2] }];
    expect(judge(evidence)).toMatchObject({ problems: [], repeated: 1 });
  });

  it.each<[string, Spoil]>([
    ['of a process that ended in order', ({ consumers }) => void (consumers[0]!.hasClosed = true)],
    ['that its process had settled before it died', ({ consumers }) => void consumers[0]!.commits.push({ seqs: [1] })],
    [
      'that one process did twice',
      ({ consumers, rows }) => {
        consumers[1]!.calls.push({ ...consumers[1]!.calls[1]!, call: 8 });
        rows!.push({ trace: '11.8.0', cells: consumers[1]!.calls[1]!.rows![0]! });
      },
    ],
  ])('does not allow a sink without transactions to repeat an item %s', (_, spoil) => {
    expect(kindsOf(aLinesRun, spoil)).toContain('twice');
  });

  it.each<[ProblemKind, string, Spoil]>([
    ['missing', 'an item after the end of a part', ({ parts }) => void (parts[1]!.end = '10')],
    ['missing', 'a part that does not count', ({ parts }) => void parts.shift()],
    ['twice', 'an item in the parts of two processes', ({ parts }) => void (parts[0]!.end = '20')],
    ['twice', 'an item in a part twice', ({ consumers }) => consumers[1]!.commits[1]!.seqs.push(2)],
    ['twice', 'a dead item in a part', ({ consumers }) => consumers[1]!.commits[1]!.seqs.push(6)],
    ['invented', 'a part that ends where no commit has ended', ({ parts }) => void (parts[1]!.end = '35')],
    ['invented', 'a part of an unknown process', ({ parts }) => void parts.push({ writer: 12, end: '10' })],
    ['altered', 'a first finish with other parts', ({ finishes }) => void finishes![0]!.parts.pop()],
    ['unfinished', 'a finish that never returned', ({ finishes }) => void (finishes![1]!.hasReturned = false)],
    ['unfinished', 'a sink that was never finished', ({ finishes }) => void (finishes!.length = 0)],
  ])('of a sink of parts finds %s: %s', (kind, _, spoil) => {
    expect(kindsOf(aPartRun, spoil)).toContain(kind);
  });

  it('of a sink of parts finds nothing if all is well, and says that it has not read the parts', () => {
    const { problems, unchecked, ...counts } = judge(aPartRun());
    expect(problems).toEqual([]);
    expect(unchecked).toEqual([expect.stringContaining('was trusted')]);
    expect(counts).toMatchObject({ emitted: 6, done: 5, dead: 1 });
  });

  it('of a sink of parts counts an item without rows as settled by the last process that did it', () => {
    const evidence = aPartRun();
    evidence.consumers[0]!.commits.splice(1, 0, { seqs: [4], part: '10' });
    evidence.consumers[0]!.calls.push({ ...evidence.consumers[1]!.calls.find(({ seq }) => seq === 4)!, call: 8 });
    expect(judge(evidence).problems).toEqual([]);
  });

  /** Another sink refused item 6 after this one had accepted it. */
  const partlyDead = (): Evidence => {
    const evidence = aTableRun();
    const row = evidence.rows![0]!.cells;
    evidence.consumers[1]!.calls.find(({ seq }) => seq === 6)!.rows = [row];
    evidence.rows!.push({ trace: '11.4.0', cells: row });
    evidence.ledger!.push([6, 6]);
    evidence.dead[0]!.isInSink = true;
    return evidence;
  };

  it('of one of several sinks accepts a dead letter that says that this sink has the item', () => {
    expect(judge(partlyDead())).toMatchObject({ problems: [], done: 5, dead: 1, rows: 6 });
  });

  it.each<[ProblemKind, string, Spoil]>([
    ['twice', 'does not say so', ({ dead }) => void (dead[0]!.isInSink = false)],
    ['missing', 'wrongly says so', ({ ledger, rows }) => void [ledger!.pop(), rows!.pop()]],
  ])('of one of several sinks finds an item %s: its dead letter %s', (kind, _, spoil) => {
    expect(kindsOf(partlyDead, spoil)).toContain(kind);
  });

  it('judges each of several sinks on its own, and says which sink a problem is about', () => {
    const lines = { ...aLinesRun(), name: 'lines' };
    const table = { ...aTableRun(), name: 'table' };
    expect(judgeAll([table, lines])).toMatchObject({ problems: [], done: 5, dead: 1, rows: 11, repeated: 1 });
    lines.rows!.shift();
    expect(judgeAll([table, lines]).problems).toEqual([
      expect.objectContaining({ kind: 'missing', text: expect.stringMatching(/^lines: item 1 is done, but/) }),
    ]);
  });

  it('counts equal items as often as the source has them', () => {
    const evidence = aTableRun();
    evidence.emissions.push({ at: '#7', digest: evidence.emissions[0]!.digest });
    evidence.sourceItems = 7;
    expect(judge(evidence).problems.map(({ kind }) => kind)).toContain('missing');
  });

  it('says what it cannot check if the source yields something else the next time', () => {
    const evidence = { ...aTableRun(), sourceItems: undefined };
    evidence.emissions.push({ at: '#6', digest: 'something else' });
    const { problems, unchecked } = judge(evidence);
    expect(unchecked).toEqual([expect.stringContaining('the source yielded different items at 1 places')]);
    expect(problems.filter(({ kind }) => kind === 'missing')).toEqual([]);
  });

  it('says that it trusted a sink that it cannot read', () => {
    const evidence: Evidence = { ...aLinesRun(), sink: 'unread', rows: undefined };
    expect(judge(evidence)).toMatchObject({ problems: [], unchecked: [expect.stringContaining('was trusted')] });
  });
});
