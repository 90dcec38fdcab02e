import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { main } from '../../../src/cli/main.ts';
import { backupJob } from '../../../src/control/backup-job.ts';
import { type Control, startControl } from '../../../src/control/server.ts';
import { FrameDecoder, FrameEncoder } from '../../../src/frame/codec.ts';
import type { Frame } from '../../../src/frame/frame.ts';
import { holdsRecords, RecordFramer, recordOf } from '../../../src/frame/records.ts';
import { readDeadLetters } from '../../../src/queue/spool/dead-letters.ts';
import { Holding } from '../../../src/queue/lending/holding.ts';
import { LetterBox } from '../../../src/queue/dead/letter-box.ts';
import { Queue } from '../../../src/queue/queue.ts';
import { Spool } from '../../../src/queue/spool/spool.ts';
import type { RunRecord } from '../../../src/queue/store.ts';
import { group } from '../../contract/store.ts';
import { aRun } from '../../support/a-queue.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { aStatus } from '../observability/a-status.ts';
import { TestShell } from './a-shell.ts';

let cwd: string;
let directory: string;
let clock: HandClock;
let spool: Spool | undefined;
let control: Control | undefined;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'dead-'));
  directory = join(cwd, '.millrace', 'pokedex');
  clock = new HandClock();
});

afterEach(async () => {
  await control?.close();
  control = undefined;
  spool?.close();
  spool = undefined;
  await rm(cwd, { recursive: true });
});

const items = [
  { id: 1, when: new Date(0) },
  { id: 2n, password: 'canary' },
  { id: 3, bytes: Buffer.from('hi') },
  { id: 4 },
];
const reasons = ['no such pokémon', 'timed out', 'no such pokémon', 'timed out'];

/** Leaves a queue in which these items have died, one per hour. */
function leave(run: Partial<RunRecord> = {}, frame = encoded(items)): void {
  spool = Spool.open({ file: join(directory, 'queue.db'), durability: 'full' });
  const queue = new Queue(spool.store, aRun(), { windowBytes: 1_000_000 });
  queue.append(frame, { cursor: null, count: 4, digest: null });
  queue.commit(moment());
  const holding = new Holding(10);
  queue.take(holding, { items: 10, bytes: 1_000_000 }, moment());
  for (const [i, reason] of reasons.entries()) {
    const error = {
      code: 'E',
      message: reason,
      stack: `Error: ${reason}\n    at process (p.ts:7:1)`,
      cause: { code: 'C', message: 'why' },
    };
    queue.fail(holding, i + 1, moment(), () => ({ kind: 'dead', error, reason: `failed: ${reason}` }));
    clock.turn(3_600_000);
  }
  queue.setRun(run);
  queue.commit(moment());
}

function encoded(all: readonly unknown[]): Frame {
  const encoder = new FrameEncoder({ maxItemBytes: Infinity });
  for (const item of all) encoder.add(item);
  return encoder.take();
}

const meta = { version: 1, delimiter: ';' };

/** Records of a file: the third is not UTF-8, the fourth is oversized. */
function rows(): Frame {
  const framer = new RecordFramer();
  const bytes = [Buffer.from('1;é\n'), Buffer.from('2;"x" y\n'), Buffer.from([0x33, 0x3b, 0xff, 0x0a])];
  let end = 0;
  const ends = bytes.map(({ length }) => (end += length));
  framer.add(
    { kind: 'csv', meta, at: { file: 'in.csv', byte: 50, line: 10 }, bytes: Buffer.concat(bytes), ends },
    0,
    3,
  );
  const beginning = Buffer.from('4;xxx');
  framer.add(
    { kind: 'csv', meta, at: { file: 'in.csv', byte: 70, line: 13 }, bytes: beginning, ends: [5], length: 9999 },
    0,
    1,
  );
  return framer.take();
}

function moment() {
  return clock.moment();
}

function letGo(): void {
  spool?.close();
  spool = undefined;
}

/** Runs the pipeline, which has the queue. */
async function serve(): Promise<Queue> {
  const queue = new Queue(spool!.store, spool!.store.run()!, { windowBytes: 1_000_000 });
  const box = new LetterBox(
    spool!.store,
    async (work) => {
      const result = work(queue, moment());
      queue.commit(moment());
      return await Promise.resolve(result);
    },
    { maxItemBytes: 1000 },
  );
  control = await startControl({
    socketPath: join(directory, 'control.sock'),
    status: () => aStatus(),
    dead: (query) => readDeadLetters(spool!.store, query),
    letters: box,
    backup: backupJob(() => Promise.reject(new Error('no'))),
    reload: () => ({ status: 'refused', reason: 'no' }),
    warn: (problem) => {
      throw new Error(problem);
    },
  });
  return queue;
}

async function millrace(words: string | string[], terminal?: TestShell['terminal']) {
  const shell = new TestShell(cwd);
  shell.clock = clock;
  shell.terminal = terminal;
  const code = await main(['dead', ...(typeof words === 'string' ? words.split(' ') : words)], shell);
  return { code, stdout: shell.stdout, stderr: shell.stderr };
}

/** The seqs that remain, and the items that wait for a retry, each with its first seq. */
function books() {
  const own = spool ?? Spool.open({ file: join(directory, 'queue.db'), durability: 'full' });
  const decoder = new FrameDecoder();
  const retries = own.store.readRetryHeads(10).map(({ seq, origin }) => {
    const frame = own.store.readRetry(seq)!;
    return [seq, origin, holdsRecords(frame) ? recordOf(frame, 0) : decoder.decode(frame, 0)];
  });
  const { state, dead, stored, nextSeq, exitCode } = own.store.run()!;
  const letters = own.store.readDeadHeads({ after: 0, limit: 10 }).map(({ seq }) => seq);
  if (!spool) own.close();
  return { letters, retries, run: { state, dead, stored, nextSeq, exitCode } };
}

describe.each(['runs', 'does not run'] as const)('when the pipeline %s, millrace dead', (which) => {
  const isRunning = which === 'runs';

  async function left(run?: Partial<RunRecord>, frame?: Frame): Promise<void> {
    leave(run, frame);
    if (isRunning) await serve();
    else letGo();
  }

  it.each<[string, number[]]>([
    ['pokedex', [1, 2, 3, 4]],
    ['1', [1]],
    ['2-3', [2, 3]],
    ['3-,1', [1, 3, 4]],
    ['pokedex 4 2-3 3-4', [2, 3, 4]],
    ['--reason SUCH', [1, 3]],
    ['--reason why', [1, 2, 3, 4]],
    ['2- --reason such', [3]],
    ['--older 150min', [1, 2]],
    ['--newer 150min', [3, 4]],
    ['--older 90min --newer 3h', [2, 3]],
    ['--reason nothing', []],
  ])('ls %s lists the selected letters', async (words, seqs) => {
    await left();
    const { stdout } = await millrace(`ls ${words} --json`);
    const listed = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
    expect(listed).toEqual(seqs);
    expect((await millrace(`ls ${words} --limit 1`)).stdout.match(/^\d+ /gm) ?? []).toHaveLength(
      Math.min(seqs.length, 1),
    );
  });

  it('ls shows that there are none', async () => {
    await left();
    expect(await millrace('ls --reason nothing')).toMatchObject({ code: 0, stdout: 'no dead letters\n' });
  });

  it('show prints every detail of a letter, and its item with its types, but no secret', async () => {
    await left();
    const { code, stdout } = await millrace('show 2 1');
    expect(code).toBe(0);
    const died = new Date(clock.wall() - 4 * 3_600_000).toISOString();
    expect(stdout.split('\n').slice(0, 17)).toEqual([
      'dead letter 1',
      `  died      ${died} after 1 attempt`,
      '  run       run-1',
      '  reason    failed: no such pokémon',
      '  error     E: no such pokémon',
      '            caused by C: why',
      '  stack     at process (p.ts:7:1)',
      '  item      {',
      '              "id": 1,',
      '              "when": {',
      '                "$date": "1970-01-01T00:00:00.000Z"',
      '              }',
      '            }',
      '',
      'dead letter 2',
      expect.anything(),
      expect.anything(),
    ]);
    expect(stdout).toContain('"$bigint": "2"');
    expect(stdout).toContain('"password": "[redacted]"');
    expect(stdout).not.toContain('canary');
    const { stdout: lines } = await millrace('show --all --json');
    expect(
      lines
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { seq: number }).seq),
    ).toEqual([1, 2, 3, 4]);
  });

  it('retry gives letters a new seq, keeps their first one, and changes nothing else', async () => {
    await left();
    const { code, stdout } = await millrace('retry 1 3');
    expect([code, stdout]).toEqual([
      0,
      `2 dead letters returned to the queue: ${isRunning ? 'the pipeline retries them now' : 'the next millrace run retries them'}\n`,
    ]);
    expect(books()).toEqual({
      letters: [2, 4],
      retries: [
        [5, 1, items[0]],
        [6, 3, items[2]],
      ],
      run: { state: 'running', dead: 2, stored: 4, nextSeq: 7, exitCode: null },
    });
  });

  it('retry is refused while the run is ending', async () => {
    await left({ state: 'finishing' });
    expect(await millrace('retry 1')).toEqual({
      code: 69,
      stdout: '',
      stderr: expect.stringContaining('after this run'),
    });
    expect(books()).toMatchObject({ letters: [1, 2, 3, 4], retries: [], run: { state: 'finishing' } });
  });

  it('edit gives a letter back with a changed item', async () => {
    await left();
    expect(await millrace(['edit', '2', '--json', '{"id": {"$bigint": "22"}}'])).toMatchObject({ code: 0, stderr: '' });
    await writeFile(join(cwd, 'item.json'), '[{"$date": "2026-01-02T00:00:00.000Z"}]');
    expect(await millrace('edit pokedex 3 --file item.json')).toMatchObject({ code: 0 });
    const edit = (text: string) => Promise.resolve(text.replace('"id": 4', '"id": 44'));
    expect(await millrace('edit 4', { ask: () => Promise.resolve(''), edit })).toMatchObject({ code: 0 });
    expect(books()).toMatchObject({
      letters: [1],
      retries: [
        [5, 2, { id: 22n }],
        [6, 3, [new Date('2026-01-02')]],
        [7, 4, { id: 44 }],
      ],
    });
  });

  it.each<[string[], string]>([
    [['edit', '2', '--json', '{'], 'expected the item as JSON'],
    [['edit', '2', '--json', '{"$set": 5}'], 'the item: $.$set: expected a list, got 5'],
    [['edit', '2', '--json', '{"$undefined": true}'], 'the item is undefined'],
    [['edit', '9', '--json', '1'], 'there is no dead letter 9'],
    [['edit', '2', '--file', 'nowhere'], '--file: ENOENT'],
    [['edit', '2-3', '--json', '1'], 'expected the seq of one dead letter'],
    [['edit', '--json', '1'], 'expected the seq of one dead letter'],
    [['edit', '2'], 'without a terminal'],
    [['retry'], 'expected a selection: seqs (3 5-9)'],
    [['retry', '--all', '3'], '--all cannot be given with'],
    [['retry', '9'], 'there is no dead letter 9'],
    [['purge', '0'], 'expected seqs such as 3, 5-9 or 20-, got 0'],
    [['purge', '5-3'], 'expected seqs such as 3, 5-9 or 20-, got 5-3'],
    [['purge', '--older', '7'], '--older: expected a duration'],
    [['purge', '1'], 'confirm it with --yes'],
    [['show'], 'expected a selection'],
  ])('%j changes nothing and shows why', async (words, message) => {
    await left();
    expect(await millrace(words)).toEqual({ code: 64, stdout: '', stderr: expect.stringContaining(message) });
    expect(books()).toMatchObject({ letters: [1, 2, 3, 4], retries: [] });
  });

  it('ls, show and export print a raw record as its text, with its place', async () => {
    await left({}, rows());
    const { stdout } = await millrace('ls');
    expect(stdout).toContain('    in.csv, line 11, byte 55\n    2;"x" y\n');
    expect((await millrace('show 2')).stdout).toContain('  read from in.csv, line 11, byte 55\n  text      2;"x" y\n');
    expect((await millrace('show 3')).stdout).toContain('the text is not exactly its bytes (utf-8)');
    expect((await millrace('show 4')).stdout).toContain('line 13, byte 70; 9,999 bytes');
    const exported = (await millrace('export 2-3')).stdout.trim().split('\n');
    const place = { kind: 'csv', encoding: 'utf-8', file: 'in.csv' };
    expect(exported.map((line) => JSON.parse(line))).toMatchObject([
      { item: '2;"x" y\n', record: { ...place, line: 11, byte: 55 } },
      { item: '3;\ufffd\n', record: { ...place, line: 12, byte: 63, base64: 'Mzv/Cg==' } },
    ]);
  });

  it('edit gives a raw record back with changed text, and with the same meta and place', async () => {
    await left({}, rows());
    await writeFile(join(cwd, 'row'), Buffer.from([0x33, 0x3b, 0xfe, 0x0a]));
    const edit = (text: string) => Promise.resolve(text.replace('é', 'ü'));
    expect(await millrace('edit 1', { ask: () => Promise.resolve(''), edit })).toMatchObject({ code: 0, stderr: '' });
    expect(await millrace(['edit', '2', '--json', '"2;xy\\n"'])).toMatchObject({ code: 0 });
    expect(await millrace('edit 3 --file row')).toMatchObject({ code: 0 });
    expect(await millrace('edit 4 --file row')).toMatchObject({ code: 0 });
    const record = { kind: 'csv', meta };
    expect(books().retries).toMatchObject([
      [5, 1, { ...record, bytes: Buffer.from('1;ü\n'), at: { file: 'in.csv', byte: 50, line: 10 } }],
      [6, 2, { ...record, bytes: Buffer.from('2;xy\n') }],
      [7, 3, { ...record, bytes: Buffer.from([0x33, 0x3b, 0xfe, 0x0a]) }],
      [8, 4, { ...record, at: { file: 'in.csv', byte: 70, line: 13 }, length: undefined }],
    ]);
  });

  it.each([
    [['edit', '1', '--json', '{"id": 1}'], 'expected the text of a raw record'],
    [['edit', '1', '--json', '""'], 'a raw record has at least one byte'],
    [['edit', '3', '--json', '"3;y"'], 'not exactly text in utf-8; give them by --file'],
    [['edit', '4', '--json', '"4;y"'], 'only the beginning of dead letter 4 is kept'],
  ])('%p of a raw record is refused with exit code 64, and nothing changes', async (words, message) => {
    await left({}, rows());
    expect(await millrace(words)).toMatchObject({ code: 64, stderr: expect.stringContaining(message) });
    expect(books()).toMatchObject({ letters: [1, 2, 3, 4], retries: [] });
  });

  it('edit changes nothing if the text is unchanged', async () => {
    await left();
    const terminal = { ask: () => Promise.resolve(''), edit: (text: string) => Promise.resolve(text) };
    expect(await millrace('edit 2', terminal)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('nothing was changed'),
    });
    expect(books().letters).toEqual([1, 2, 3, 4]);
  });

  it('purge deletes letters with --yes, or if the answer is yes', async () => {
    await left();
    expect(await millrace('purge 1 --yes')).toMatchObject({ code: 0, stdout: '1 dead letter deleted\n' });
    const questions: string[] = [];
    const answer = (text: string) => ({
      ask: async (question: string) => (questions.push(question), text),
      edit: () => Promise.reject(new Error('edited')),
    });
    expect(await millrace('purge --reason timed', answer('n'))).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('nothing was deleted'),
    });
    expect(await millrace('purge --reason timed', answer('y'))).toMatchObject({
      code: 0,
      stdout: '2 dead letters deleted\n',
    });
    expect(questions).toEqual(Array(2).fill('Delete 2 dead letters for good? [y/N] '));
    expect(books()).toMatchObject({ letters: [3], retries: [], run: { dead: 1, stored: 1, nextSeq: 5 } });
    expect(await millrace('purge 4- --yes')).toMatchObject({ code: 0, stdout: 'no dead letter matches\n' });
  });

  it('export writes letters with the exact values of their items, to a file only for its owner', async () => {
    await left();
    const { stdout } = await millrace('export 2-');
    const lines = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { seq: number; item: unknown });
    expect(lines.map(({ seq, item }) => [seq, item])).toEqual([
      [2, { id: { $bigint: '2' }, password: 'canary' }],
      [3, { id: 3, bytes: { $bytes: 'aGk=' } }],
      [4, { id: 4 }],
    ]);
    const before = process.umask(0);
    try {
      expect(await millrace('export --to letters.ndjson')).toMatchObject({ code: 0, stdout: '' });
    } finally {
      process.umask(before);
    }
    const file = join(cwd, 'letters.ndjson');
    expect([(await stat(file)).mode & 0o777, (await readFile(file, 'utf8')).split('\n')]).toMatchObject([
      0o600,
      { length: 5 },
    ]);
    expect(await millrace('export --to letters.ndjson')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('EEXIST'),
    });
  });
});

describe('when a run has finished with dead letters, millrace dead', () => {
  it('retry opens the run again, for these letters only', async () => {
    leave({ state: 'finished', finishedAt: 1, exitCode: 3 });
    letGo();
    expect(await millrace('retry 2')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the finished run is open again'),
    });
    expect(books()).toMatchObject({
      letters: [1, 3, 4],
      retries: [[5, 2, items[1]]],
      run: { state: 'sealed', dead: 3, stored: 4, exitCode: null },
    });
  });

  it('purge leaves the run finished', async () => {
    leave({ state: 'finished', finishedAt: 1, exitCode: 3 });
    letGo();
    expect(await millrace('purge --all --yes')).toMatchObject({ code: 0 });
    expect(books()).toMatchObject({ letters: [], run: { state: 'finished', dead: 0, exitCode: 3 } });
  });
});

describe('millrace dead export', () => {
  const seqsOf = (stdout: string): number[] =>
    stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq);

  /** Exports; calls `then` after the first letter has been written, and `onPause` when it waits. */
  async function exported(
    then: () => Promise<void>,
    onPause: (pauses: number) => void = () => undefined,
  ): Promise<{ code: number; shell: TestShell }> {
    const shell = new TestShell(cwd);
    let pauses = 0;
    shell.clock = {
      ...systemClock,
      after: (ms, act) => {
        if (ms === 100) onPause(++pauses);
        return systemClock.after(ms, act);
      },
    };
    shell.out = async (text) => {
      if (shell.stdout === '') await then();
      shell.stdout += text;
    };
    return { code: await main(['dead', 'export'], shell), shell };
  }

  it('continues from the file if the pipeline stops during the export', async () => {
    leave();
    await serve();
    const { code, shell } = await exported(async () => {
      await control!.close();
      letGo();
    });
    expect([code, seqsOf(shell.stdout), shell.stderr]).toEqual([0, [1, 2, 3, 4], '']);
  });

  it('waits for a pipeline that is just starting', async () => {
    leave();
    letGo();
    const { code, shell } = await exported(
      async () => {
        spool = Spool.open({ file: join(directory, 'queue.db'), durability: 'full' });
      },
      (pauses) => void (pauses === 1 && serve()),
    );
    expect([code, seqsOf(shell.stdout), shell.stderr]).toEqual([0, [1, 2, 3, 4], '']);
  });
});

describe('when no supervisor answers, millrace dead', () => {
  it.each(['ls', 'export', 'show 1', 'retry --all'])(
    '%s reports that there is no queue, and creates none',
    async (words) => {
      expect(await millrace(`${words} --state nowhere`)).toEqual({
        code: 64,
        stdout: '',
        stderr: expect.stringContaining('there is no queue in'),
      });
      await expect(stat(join(cwd, 'nowhere'))).rejects.toThrow('ENOENT');
    },
  );

  it('retry is refused by the lock of a supervisor that does not answer', async () => {
    leave();
    const shell = new TestShell(cwd);
    let now = 0;
    shell.clock = { ...systemClock, now: () => (now += 3000) };
    expect(await main(['dead', 'retry', '1'], shell)).toBe(78);
    expect(shell.stderr).toContain('this program already runs a service');
  });
});

describe('when the supervisor was killed, millrace dead', () => {
  it('keeps the item on trial, and the processes that may still live, for the next supervisor', async () => {
    leave();
    const consumer = { run: 'run-1', role: 'consumer', ordinal: 1, pid: 4711, started: '1', boot: 'b' } as const;
    const writer = spool!.writers.register(consumer);
    spool!.store.commit(group({ run: spool!.store.run()!, trial: 3 }));
    spool!.abandon();
    spool = undefined;
    expect(await millrace('retry 1')).toMatchObject({ code: 0 });
    expect(await millrace('purge 2 --yes')).toMatchObject({ code: 0 });
    spool = Spool.open({ file: join(directory, 'queue.db'), durability: 'full' });
    expect(spool.predecessors).toEqual({ uncleanStarts: 1, trial: 3 });
    expect(spool.writers.notEnded()).toEqual([{ ...consumer, writer }]);
  });
});
