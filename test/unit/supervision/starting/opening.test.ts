import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { MillraceError } from '../../../../src/core/errors.ts';
import { EventBus, type EventName } from '../../../../src/observability/events.ts';
import { spoolFile } from '../../../../src/queue/spool/directory.ts';
import { spoolPlace } from '../../../../src/queue/spool/place.ts';
import { Spool } from '../../../../src/queue/spool/spool.ts';
import type { LimitRecord } from '../../../../src/core/limit-record.ts';
import { emptyGroup, type RunRecord } from '../../../../src/queue/store.ts';
import { openRun, type Opening, type OpeningOptions } from '../../../../src/supervision/starting/opening.ts';
import type { Left } from '../../../../src/supervision/starting/archiving.ts';
import { aRun } from '../../../support/a-queue.ts';
import { HandClock } from '../../../support/hand-clock.ts';

const sink = { kind: 'sqlite', delivery: 'transaction' as const, target: 'out.db, table rows', options: 'none' };
const aaa = { name: 'aaa', params: {}, fingerprint: 'version 1', deterministic: true, sink };

let stateDirectory: string;
let events: { name: EventName; event: unknown }[];
beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'millrace-'));
  events = [];
});
afterEach(() => rmSync(stateDirectory, { recursive: true }));

async function openAny(options: Partial<OpeningOptions> = {}): Promise<Opening> {
  const bus = new EventBus();
  bus.subscribe((name, event) => events.push({ name, event }));
  return await openRun({
    stateDirectory,
    place: spoolPlace(stateDirectory, { durability: 'full' }),
    redact: [],
    pipelineFile: join(stateDirectory, 'aaa.ts'),
    pipeline: aaa,
    params: new Map(),
    fresh: false,
    again: false,
    moved: false,
    sameSource: false,
    confirmFresh: () => Promise.resolve('yes' as const),
    killOrphans: () => Promise.resolve(),
    stopped: new AbortController().signal,
    clock: new HandClock(),
    events: bus,
    ...options,
  });
}

type Opened = Exclude<Opening, { status: 'stopped' }>;

async function open(options: Partial<OpeningOptions> = {}): Promise<Opened> {
  const opening = await openAny(options);
  if (opening.status === 'stopped') throw new Error('it was stopped');
  return opening;
}

const version2 = { ...aaa, fingerprint: 'version 2' };

/** Leaves a run behind, as a supervisor that has stopped does. */
function leave(run: Partial<RunRecord>, limits: LimitRecord[] = []): void {
  const spool = Spool.open({ file: spoolFile(stateDirectory), durability: 'full' });
  spool.store.commit({
    run: aRun(run),
    ...emptyGroup(),
    limits,
  });
  spool.close();
}

const counted = { cursor: null, count: 7, digest: 'd' };

describe('opening a state directory', () => {
  it('without a run begins a run at seq 1, and locks the directory', async () => {
    const opening = await open();
    expect(opening).toMatchObject({ status: 'open', isNew: true, run: { state: 'running', nextSeq: 1, stored: 0 } });
    await expect(open()).rejects.toMatchObject({ code: 'IN_USE', exitCode: 78 });
    opening.spool.close();
    (await open()).spool.close();
  });

  it.each(['running', 'sealed', 'finishing'] as const)('with a run that is %s continues it', async (state) => {
    leave({ run: 'left', state, nextSeq: 8, stored: 7, position: counted });
    const { spool, ...opening } = await open();
    expect(opening).toMatchObject({ status: 'open', isNew: false, run: { run: 'left', state, stored: 7 } });
    spool.close();
  });

  it('with a finished run leaves it as it is', async () => {
    leave({ run: 'left', state: 'finished', finishedAt: 5, exitCode: 3 });
    const { spool, ...opening } = await open();
    expect(opening).toMatchObject({ status: 'finished', run: { run: 'left', exitCode: 3 } });
    spool.close();
  });

  it('with a finished run begins another on request, with seqs of its own', async () => {
    leave({ run: 'left', state: 'finished', nextSeq: 152, finishedAt: 5, exitCode: 0 });
    const { spool, ...opening } = await open({ again: true });
    expect(opening).toMatchObject({ status: 'open', isNew: true, run: { nextSeq: 152, state: 'running', stored: 0 } });
    expect(opening.run.run).not.toBe('left');
    spool.close();
  });

  it('with an open run does not begin another, even with "again"', async () => {
    leave({ run: 'left', position: counted, stored: 7 });
    const { spool, run } = await open({ again: true });
    expect(run.run).toBe('left');
    spool.close();
  });
});

describe('a fresh start', () => {
  it('archives the old queue after confirmation, and deletes nothing', async () => {
    leave({ run: 'left', stored: 7 });
    const asked: Left[] = [];
    const { spool, ...opening } = await open({
      fresh: true,
      confirmFresh: (left) => {
        asked.push(left);
        return Promise.resolve('yes');
      },
    });
    expect(asked).toMatchObject([{ status: 'run', run: { run: 'left' } }]);
    expect(opening).toMatchObject({ status: 'open', isNew: true, run: { nextSeq: 1 } });
    expect(readdirSync(stateDirectory)).toContain('queue.until-2026-01-02T03-04-05-678Z.db');
    expect(events).toMatchObject([{ name: 'warning', event: { code: 'FRESH' } }]);
    spool.close();
  });

  it('that is not confirmed changes nothing and releases the lock', async () => {
    leave({ run: 'left' });
    const refusal = new Error('nothing was changed');
    await expect(open({ fresh: true, confirmFresh: () => Promise.reject(refusal) })).rejects.toBe(refusal);
    const { spool, run } = await open();
    expect(run.run).toBe('left');
    spool.close();
  });

  it('waits until the old queue’s children are gone before it archives the queue, and passes its limits on', async () => {
    const limits = [{ limit: 'vendor', wall: 1, frozenMs: 60_000, calls: [] }];
    leave({ run: 'left' }, limits);
    const seen: string[][] = [];
    const { spool } = await open({
      fresh: true,
      killOrphans: () => {
        seen.push(readdirSync(stateDirectory).filter((name) => name.endsWith('.db')));
        return Promise.resolve();
      },
    });
    expect(seen).toEqual([['queue.db']]);
    spool.abandon();
    const again = await open();
    expect(again.spool.store.limits()).toEqual(limits);
    again.spool.close();
  });

  it('starts over even if the record of a limit is damaged, and warns that the limits are not known', async () => {
    leave({ run: 'left' }, [{ limit: 'vendor', wall: 1, frozenMs: 60_000, calls: [] }]);
    const db = new Database(spoolFile(stateDirectory));
    db.prepare("UPDATE limits SET data = '{'").run();
    db.close();
    const { spool, run } = await open({ fresh: true });
    expect([run.run === 'left', spool.store.limits()]).toEqual([false, []]);
    expect(events[0]).toMatchObject({ event: { message: expect.stringContaining('which limits are frozen') } });
    spool.close();
  });

  it.each([
    ['of its run', "UPDATE run SET params = '{'", []],
    ['of its last cursor', "UPDATE spool SET source = '{'", ['where its last run ended']],
    [
      'of earlier cursors',
      `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage =
         (SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_previous_1') WHERE name = 'previous'`,
      ['where its last run ended', 'where its finished runs ended'],
    ],
  ])('starts over even if the record %s is damaged, and says what is lost', async (_, damage, warnings) => {
    leave({ run: 'left', state: 'finished', finishedAt: 5, position: { cursor: '7', count: 0, digest: null } });
    const db = new Database(spoolFile(stateDirectory));
    db.unsafeMode();
    db.prepare('UPDATE spool SET source = ?').run(JSON.stringify(['left', 'csv books.csv']));
    db.exec(damage);
    db.close();
    const { spool, run } = await open({ fresh: true });
    expect(run.run).not.toBe('left');
    const texts = events.map(({ event }) => (event as { message: string }).message);
    expect(texts).toEqual([...warnings, 'was archived as'].map((text) => expect.stringContaining(text)));
    spool.close();
  });

  it('starts over even if its list of processes is damaged, and warns of processes that may still be running', async () => {
    leave({ run: 'left' });
    const damaged = new MillraceError('SPOOL_DAMAGED', 'damaged', { exitCode: 74 });
    const { spool } = await open({ fresh: true, killOrphans: () => Promise.reject(damaged) });
    expect(events[0]).toMatchObject({ event: { message: expect.stringContaining('processes may still run') } });
    spool.close();
  });

  describe('that has passed on limits', () => {
    const limits = [{ limit: 'vendor', wall: 1, frozenMs: 60_000, calls: [] }];
    const passedOn = (): string => join(stateDirectory, 'fresh.json');
    /** As if killed right after the old queue was archived. */
    const beginFresh = async (): Promise<void> => {
      const stopping = new AbortController();
      const bus = new EventBus();
      bus.subscribe(() => stopping.abort());
      const options = { fresh: true, events: bus, stopped: stopping.signal };
      expect(await openAny(options)).toEqual({ status: 'stopped' });
    };

    it('and was killed is finished by the next start', async () => {
      leave({ run: 'left' }, limits);
      await beginFresh();
      const { spool } = await open();
      expect(spool.store.limits()).toEqual(limits);
      expect(existsSync(passedOn())).toBe(false);
      spool.close();
    });

    it('and was killed before it archived the queue is forgotten by a start that continues its run', async () => {
      leave({ run: 'left' });
      writeFileSync(passedOn(), JSON.stringify({ limits, previous: [] }));
      const { spool, run } = await open();
      expect([run.run, spool.store.limits(), existsSync(passedOn())]).toEqual(['left', [], false]);
      spool.close();
    });

    it.each(['{', '{}'])('warns if they were damaged in the meantime: %s', async (text) => {
      leave({ run: 'left' }, limits);
      await beginFresh();
      writeFileSync(passedOn(), text);
      const { spool } = await open();
      expect(spool.store.limits()).toEqual([]);
      expect(events).toMatchObject([{ event: { message: expect.stringContaining('passed on are damaged') } }]);
      expect(existsSync(passedOn())).toBe(false);
      spool.close();
    });
  });

  it.each([
    ['at the question', { confirmFresh: () => Promise.resolve('stopped' as const) }],
    ['while it waits for orphans', { stopped: AbortSignal.abort() }],
  ])('that is stopped %s changes nothing', async (_, options) => {
    leave({ run: 'left' });
    expect(await openAny({ fresh: true, ...options })).toEqual({ status: 'stopped' });
    const { spool, run } = await open();
    expect(run.run).toBe('left');
    spool.close();
  });

  const unreadable: [string, (file: string) => void, RegExp][] = [
    [
      'is no database',
      (file) => writeFileSync(file, 'somebody may want this'.repeat(500)),
      /damaged or not a SQLite database/,
    ],
    [
      'is of a newer version',
      (file) => {
        leave({ run: 'left' });
        const db = new Database(file);
        db.pragma('user_version = 999');
        db.close();
      },
      /newer Millrace/,
    ],
  ];
  it.each(unreadable)('archives a queue that %s, and says what it cannot know', async (_, spoil, reason) => {
    const file = spoolFile(stateDirectory);
    spoil(file);
    const before = readFileSync(file);
    const asked: Left[] = [];
    const { spool, ...opening } = await open({
      fresh: true,
      confirmFresh: (left) => {
        asked.push(left);
        return Promise.resolve('yes');
      },
    });
    expect(asked).toEqual([{ status: 'unreadable', reason: expect.stringMatching(reason) }]);
    expect(opening).toMatchObject({ status: 'open', isNew: true });
    const archived = join(stateDirectory, 'queue.until-2026-01-02T03-04-05-678Z.db');
    expect(readFileSync(archived)).toEqual(before);
    expect(events).toMatchObject([{ event: { message: expect.stringContaining('earlier supervisor') } }]);
    spool.close();
  });

  it.each(unreadable)('that is not confirmed leaves a queue that %s as it is', async (_, spoil) => {
    spoil(spoolFile(stateDirectory));
    const before = readFileSync(spoolFile(stateDirectory));
    const refusal = new Error('nothing was changed');
    await expect(open({ fresh: true, confirmFresh: () => Promise.reject(refusal) })).rejects.toBe(refusal);
    expect(readFileSync(spoolFile(stateDirectory))).toEqual(before);
  });

  it('checks again if the answer took long, and asks again about a queue that was repaired in the meantime', async () => {
    const file = spoolFile(stateDirectory);
    writeFileSync(file, 'no database');
    const asked: string[] = [];
    const { spool } = await open({
      fresh: true,
      confirmFresh: ({ status }) => {
        asked.push(status);
        if (status === 'unreadable') {
          rmSync(file);
          leave({ run: 'mended' });
        }
        return Promise.resolve('yes');
      },
    });
    expect(asked).toEqual(['unreadable', 'run']);
    spool.close();
  });

  it('asks no question if there is no queue', async () => {
    const { spool, ...opening } = await open({ fresh: true, confirmFresh: () => Promise.reject(new Error('asked')) });
    expect(opening).toMatchObject({ isNew: true });
    spool.close();
  });
});

describe('another version of the pipeline', () => {
  it('may not resume by counting, and the lock is released', async () => {
    leave({ position: counted });
    await expect(open({ pipeline: version2 })).rejects.toMatchObject({ code: 'PIPELINE_CHANGED', exitCode: 78 });
    (await open()).spool.close();
  });

  it('may resume by counting once the source is declared to be the same, which is recorded and not asked for again', async () => {
    leave({ run: 'left', position: counted });
    const { spool, run } = await open({ pipeline: version2, sameSource: true });
    expect(run.fingerprint).toBe('version 2');
    expect(spool.claims.declarations()).toEqual([
      { at: expect.any(Number), run: 'left', what: 'same source', was: 'version 1', isNow: 'version 2' },
    ]);
    expect(events).toMatchObject([
      { name: 'warning', event: { code: 'PIPELINE_CHANGED', message: expect.stringContaining('--same-source') } },
    ]);
    spool.close();
    const later = await open({ pipeline: version2 });
    expect(later.spool.claims.declarations()).toHaveLength(1);
    later.spool.close();
  });

  it('may resume from a cursor, with a warning, and the run has that version from then on', async () => {
    leave({ position: { cursor: '{"page":3}', count: 2, digest: 'd' } });
    const { spool, run } = await open({ pipeline: version2 });
    expect(run.fingerprint).toBe('version 2');
    expect(events).toMatchObject([{ name: 'warning', event: { code: 'PIPELINE_CHANGED' } }]);
    spool.close();
  });

  it('may finish a run that no longer needs its source', async () => {
    leave({ state: 'sealed', position: counted });
    const { spool, run } = await open({ pipeline: version2 });
    expect(run.state).toBe('sealed');
    spool.close();
  });
});

describe('the pipeline that a queue belongs to', () => {
  const bbb = { ...aaa, name: 'bbb' };
  const elsewhere = { ...aaa, sink: { ...sink, target: 'other.db, table rows' } };
  const openRunLeft = { run: 'left', position: counted, stored: 7, done: 3 };

  /** Lets aaa claim the queue, and leaves that run behind. */
  async function leaveByAaa(run: Partial<RunRecord>): Promise<void> {
    leave({ fingerprint: 'version 1', ...run });
    (await open()).spool.close();
    events.length = 0;
  }

  it.each([
    ['an open', openRunLeft],
    ['a finished', { ...openRunLeft, state: 'finished' as const }],
  ])('is the only pipeline that may use it while it holds %s run; the error shows both names', async (_, run) => {
    await leaveByAaa(run);
    for (const flags of [{}, { again: true }, { fresh: true }]) {
      await expect(open({ pipeline: bbb, ...flags })).rejects.toMatchObject({
        code: 'OTHER_PIPELINE',
        exitCode: 78,
        message: expect.stringMatching(/belongs to the pipeline aaa, .* this is the pipeline bbb/),
      });
    }
    expect(readdirSync(stateDirectory)).toEqual(['queue.db']);
    (await open()).spool.close();
  });

  it('may be renamed if that is declared, and the new name is recorded', async () => {
    await leaveByAaa(openRunLeft);
    const { spool, run } = await open({ pipeline: bbb, moved: true });
    expect([run.run, spool.claims.owner()?.pipeline]).toEqual(['left', 'bbb']);
    expect(spool.claims.declarations()).toMatchObject([
      { run: 'left', what: 'moved', was: 'name aaa', isNow: 'name bbb' },
    ]);
    spool.close();
    await expect(open()).rejects.toMatchObject({ code: 'OTHER_PIPELINE' });
  });

  it('is adopted from the first start when an older version made the queue', async () => {
    leave(openRunLeft);
    const { spool } = await open({ pipeline: bbb });
    expect(spool.claims.owner()).toMatchObject({
      pipeline: 'bbb',
      file: join(stateDirectory, 'aaa.ts'),
      sinkKind: 'sqlite',
    });
    spool.close();
    await expect(open()).rejects.toMatchObject({ code: 'OTHER_PIPELINE' });
  });

  it('does not let another file of the same name continue an open run, unless that is declared', async () => {
    const [file, other] = [join(stateDirectory, 'aaa.ts'), join(stateDirectory, 'copy.ts')];
    for (const path of [file, other]) writeFileSync(path, '');
    await leaveByAaa(openRunLeft);
    for (const again of [false, true]) {
      await expect(open({ pipelineFile: other, again })).rejects.toMatchObject({
        code: 'OTHER_FILE_OR_SINK',
        exitCode: 78,
        message: expect.stringMatching(/its file was .*aaa\.ts and is now .*copy\.ts.*--moved/),
      });
    }
    const { spool, run } = await open({ pipelineFile: other, moved: true });
    expect([run.run, spool.claims.owner()?.file]).toEqual(['left', other]);
    expect(spool.claims.declarations()).toMatchObject([{ what: 'moved', isNow: `file ${other}` }]);
    spool.close();
  });

  it('does not let an open run write the rest of its results to another sink, unless that is declared', async () => {
    await leaveByAaa({ ...openRunLeft, state: 'sealed' });
    await expect(open({ pipeline: elsewhere })).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringMatching(/its sink was sqlite \(out\.db, .*is now sqlite \(other\.db, /),
    });
    const { spool, run } = await open({ pipeline: elsewhere, moved: true });
    expect(spool.claims.owner()?.sinkTarget).toBe('other.db, table rows');
    // The other sink cannot know the results that the run has by now.
    expect(run.doneElsewhere).toBe(run.done);
    spool.close();
    const later = await open({ pipeline: elsewhere });
    expect(later.run.doneElsewhere).toBe(run.done);
    later.spool.close();
  });

  it('may correct its sink while no item is done, and change it for a new run', async () => {
    await leaveByAaa({ ...openRunLeft, done: 0 });
    const { spool } = await open({ pipeline: elsewhere });
    expect(spool.claims.owner()?.sinkTarget).toBe('other.db, table rows');
    spool.close();
    leave({ run: 'left', state: 'finished' });
    (await open({ pipeline: aaa, again: true })).spool.close();
    expect(events).toEqual([]);
  });

  it('with a finished run does not pass another file off as finished; a new run adopts that file', async () => {
    const other = join(stateDirectory, 'copy.ts');
    for (const path of [join(stateDirectory, 'aaa.ts'), other]) writeFileSync(path, '');
    await leaveByAaa({ ...openRunLeft, state: 'finished', exitCode: 0 });
    await expect(open({ pipelineFile: other })).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('--again'),
    });
    const { spool, ...opening } = await open({ pipelineFile: other, again: true });
    expect([opening, spool.claims.owner()?.file]).toMatchObject([{ isNew: true }, other]);
    spool.close();
  });

  it('continues from a file that was moved unchanged, and from any path that leads to the same file', async () => {
    const [file, link, moved] = ['aaa.ts', 'link.ts', 'moved.ts'].map((name) => join(stateDirectory, name));
    writeFileSync(file!, '');
    symlinkSync(file!, link!);
    await leaveByAaa(openRunLeft);
    (await open({ pipelineFile: link! })).spool.close();
    expect(events).toEqual([]);
    renameSync(file!, moved!);
    rmSync(link!);
    const { spool } = await open({ pipelineFile: moved! });
    expect(spool.claims.owner()?.file).toBe(moved);
    expect(events).toMatchObject([{ name: 'warning', event: { code: 'MOVED' } }]);
    spool.close();
  });

  it('stays the same when a link in its path leads to the next release', async () => {
    const current = join(stateDirectory, 'current');
    for (const release of ['1', '2']) {
      mkdirSync(join(stateDirectory, release));
      writeFileSync(join(stateDirectory, release, 'aaa.ts'), '');
    }
    symlinkSync('1', current);
    leave({ ...openRunLeft, fingerprint: 'version 1' });
    (await open({ pipelineFile: join(current, 'aaa.ts') })).spool.close();
    rmSync(current);
    symlinkSync('2', current);
    (await open({ pipelineFile: join(current, 'aaa.ts') })).spool.close();
    expect(events).toEqual([]);
  });
});

describe('the final cursor of the last finished run', () => {
  const books = {
    ...aaa,
    params: { shelf: { type: 'string' as const } },
    source: { kind: 'csv', target: 'in/{shelf}' },
  };
  const again = { pipeline: books, again: true };
  const shelf = (value: string): Pick<OpeningOptions, 'params'> => {
    return { params: new Map([['shelf', { value, place: '--param shelf' }]]) };
  };

  /** Opens a run of shelf `value`, and leaves it in this state. Returns the previous cursor that it was given. */
  async function runOf(value: string, change: Partial<RunRecord>, options: Partial<OpeningOptions> = {}) {
    const opening = await open({ ...again, ...shelf(value), ...options });
    if (opening.status !== 'open') throw new Error(opening.status);
    const { spool, run, previous } = opening;
    spool.store.commit({
      run: { ...run, ...change },
      ...emptyGroup(),
    });
    spool.close();
    return previous;
  }
  const finished = (cursor: string | null): Partial<RunRecord> => {
    return { state: 'finished', exitCode: 0, position: { cursor, count: 0, digest: null } };
  };

  it('is given to the next run with the same params, and to no other', async () => {
    expect(await runOf('A', finished('7'))).toBeNull();
    expect(await runOf('B', finished('8'))).toBeNull();
    expect(await runOf('A', finished('9'))).toBe('7');
    expect(await runOf('A', finished(null))).toBe('9');
    expect(await runOf('A', finished(null))).toBe('9');
    expect(await runOf('B', finished(null))).toBe('8');
  });

  it('is given only to a run of the same source', async () => {
    await runOf('A', finished('7'));
    const other = { ...books, source: { kind: 'csv', target: 'elsewhere' } };
    expect(await runOf('A', finished('8'), { pipeline: other, moved: true })).toBeNull();
    expect(await runOf('A', finished('9'))).toBe('7');
    expect(await runOf('A', {}, { pipeline: other })).toBe('8');
  });

  it('does not come from a stopped run, and does not change while a run is open', async () => {
    await runOf('A', finished('7'));
    const stopped = { state: 'running' as const, position: { cursor: '8', count: 0, digest: null } };
    expect(await runOf('A', stopped)).toBe('7');
    expect(await runOf('A', finished('9'))).toBe('7');
    expect(await runOf('A', {})).toBe('9');
  });

  it('survives --fresh', async () => {
    await runOf('A', finished('7'));
    await runOf('B', finished('8'));
    expect(await runOf('A', {}, { fresh: true })).toBe('7');
    expect(await runOf('B', {}, { fresh: true })).toBe('8');
  });

  it('survives a start that was killed before its run had stored anything', async () => {
    await runOf('A', finished('7'));
    const { spool } = await open({ ...again, ...shelf('A') });
    spool.abandon();
    expect(await runOf('A', {})).toBe('7');
  });

  it('is kept for the last 1,000 sets of params and sources', async () => {
    const { spool } = await open({ ...again, ...shelf('A') });
    spool.previous.add(Array.from({ length: 1002 }, (_, i) => ({ key: `key ${i}`, cursor: '1' })));
    spool.previous.add([{ key: 'key 2', cursor: '2' }]);
    const kept = spool.previous.all();
    expect([kept[0], kept.at(-1), kept.length]).toEqual([
      { key: 'key 3', cursor: '1' },
      { key: 'key 2', cursor: '2' },
      1000,
    ]);
    spool.close();
  });
});
