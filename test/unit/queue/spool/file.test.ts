import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { archiveUnreadableFile } from '../../../../src/queue/spool/archive.ts';
import { fileWatch, openSpoolFile } from '../../../../src/queue/spool/file.ts';
import { compactSpool } from '../../../../src/queue/spool/compact.ts';
import { leave, restoreLog } from '../../../../src/queue/spool/kept-log.ts';
import { applicationId, migrations, schemaVersion } from '../../../../src/queue/spool/schema.ts';
import { Spool } from '../../../../src/queue/spool/spool.ts';
import { aRun, frameOf, group } from '../../../contract/store.ts';
import { thrownBy } from '../../../support/thrown.ts';
import { openSpool } from '../../../../src/queue/spool/open.ts';
import { HandClock } from '../../../support/hand-clock.ts';
import { describeWithMounts, mountSmall } from '../../../support/mounts.ts';

let directory: string;
let file: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  file = join(directory, 'state', 'queue.db');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

const options = { durability: 'full' } as const;

function open(): Spool {
  return Spool.open({ file, ...options });
}

/** A SQLite file of another program at `file`. */
function made(by: (db: Database.Database) => void): void {
  mkdirSync(join(directory, 'state'));
  const db = new Database(file);
  by(db);
  db.close();
}

/** Runs a program with better-sqlite3 as `Database` in another process. Resolves to its first line of output. */
async function other(program: string, ...args: string[]): Promise<{ child: ChildProcess; said: string }> {
  const code = `const Database = require('better-sqlite3'); const [file, ...args] = process.argv.slice(1); ${program}`;
  const child = spawn(process.execPath, ['--eval', code, file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

/** The properties of a file that must stay the same for it to count as not changed. */
function fingerprint(): unknown {
  const { size, mtimeMs, ino } = statSync(file);
  return {
    bytes: readFileSync(file).toString('base64'),
    size,
    mtimeMs,
    ino,
    files: readdirSync(join(directory, 'state')),
  };
}

describe('the spool’s file', () => {
  it('is created for its owner only, and so is its directory, whatever the umask', () => {
    const before = process.umask(0);
    try {
      const spool = open();
      spool.store.commit(group());
      const mode = (path: string): number => statSync(path).mode & 0o777;
      expect(mode(join(directory, 'state'))).toBe(0o700);
      const files = readdirSync(join(directory, 'state')).toSorted();
      expect(files).toEqual(['queue.db', 'queue.db-wal', 'supervisor.pid']);
      expect(files.map((name) => mode(join(directory, 'state', name)))).toEqual([0o600, 0o600, 0o600]);
      expect(process.umask()).toBe(0);
      spool.close();
    } finally {
      process.umask(before);
    }
  });

  it.each([
    ['full', 2],
    ['normal', 1],
  ] as const)(
    'is written with durability %s as SQLite’s synchronous = %i, in a log, trusting no schema',
    (durability, level) => {
      const db = openSpoolFile({ file, durability });
      const pragma = (name: string): unknown => db.pragma(name, { simple: true });
      expect(['synchronous', 'journal_mode', 'locking_mode', 'trusted_schema'].map(pragma)).toEqual([
        level,
        'wal',
        'exclusive',
        0,
      ]);
      db.close();
    },
  );

  it('leaves no other file behind when it is closed', () => {
    open().close();
    expect(readdirSync(join(directory, 'state'))).toEqual(['queue.db']);
  });
});

describe('a spool that a process has open', () => {
  const supervising = `
    const db = new Database(file);
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    db.exec('BEGIN IMMEDIATE; COMMIT');
    require('fs').writeFileSync(require('path').join(file, '../supervisor.pid'), process.pid + '\\n');
    if (args[0]) process.title = args[0];
    console.log('ready');
    setInterval(() => db.open, 1000);`;

  it('is not opened by another process, and the message names the directory and the process that has it', async () => {
    open().close();
    const { child: holder } = await other(supervising);
    const error = thrownBy(open);
    expect(error).toMatchObject({ code: 'IN_USE', exitCode: 78 });
    expect(error?.message).toBe(
      `another supervisor (process ${holder.pid}) is running on ${join(directory, 'state')}. Stop it first, or give this pipeline its own --state directory.`,
    );
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    open().close();
  });

  it('is refused at once if that process is a supervisor, whose title is the name of its pipeline', async () => {
    open().close();
    for (const title of ['millrace days: supervisor', 'millrace dead']) {
      const { child: holder } = await other(supervising, title);
      expect(thrownBy(open)).toMatchObject({ code: 'IN_USE' });
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
  });

  it('is refused even without a supervisor.pid: the lock identifies the process', async () => {
    open().close();
    const { child: holder } = await other(`
      const db = new Database(file);
      db.exec('BEGIN EXCLUSIVE');
      console.log('ready');
      setInterval(() => db.open, 1000);`);
    const who = process.platform === 'linux' ? `process ${holder.pid} (node)` : 'another process';
    expect(thrownBy(open)?.message).toBe(
      `${who} has the queue in ${join(directory, 'state')} open. Wait for it to end, or end it, then try again.`,
    );
  });

  const reading = `
    const db = new Database(file, { readonly: true });
    db.exec('BEGIN');
    db.pragma('user_version');
    console.log('ready');
    setInterval(() => db.open, 1000);`;

  it('is refused with the name of a process that only reads, not of a dead supervisor that is still on record', async () => {
    open().close();
    writeFileSync(join(directory, 'state', 'supervisor.pid'), '4194304\n');
    const { child: reader } = await other(reading);
    const error = thrownBy(open);
    expect(error).toMatchObject({ code: 'BRIEFLY_IN_USE', exitCode: 78 });
    const who = process.platform === 'linux' ? `process ${reader.pid} (node)` : 'another process';
    expect(error?.message).toBe(
      `${who} has the queue in ${join(directory, 'state')} open. Wait for it to end, or end it, then try again.`,
    );
  });

  it('makes a start wait a few seconds if that process only reads', async () => {
    open().close();
    const { child: reader } = await other(reading);
    const clock = new HandClock();
    const waiting = openSpool({ file, durability: 'full' }, { clock });
    clock.turn(4900);
    reader.kill('SIGKILL');
    await once(reader, 'exit');
    clock.turn(100);
    const spool = await waiting;
    expect(spool?.start.generation).toBe(2);
    spool?.close();
  });

  it('does not hold up a start forever, or a start that is stopped, if that process keeps reading', async () => {
    open().close();
    await other(reading);
    const clock = new HandClock();
    const waiting = openSpool({ file, durability: 'full' }, { clock });
    const stop = new AbortController();
    const stopped = openSpool({ file, durability: 'full' }, { clock, stopped: stop.signal });
    stop.abort();
    expect(await stopped).toBeUndefined();
    clock.turn(5000);
    await expect(waiting).rejects.toMatchObject({ code: 'BRIEFLY_IN_USE' });
  });

  it('keeps all other processes out, including readers', async () => {
    const spool = open();
    spool.store.commit(group());
    const { said } = await other(`
      try {
        new Database(file, { timeout: 0 }).prepare('SELECT * FROM run').all();
        console.log('read it');
      } catch (error) {
        console.log(error.code);
      }`);
    expect(said).toBe('SQLITE_BUSY');
    spool.close();
  });

  it('goes to the first of several processes that start at once in an empty directory; that process waits for the others', async () => {
    mkdirSync(join(directory, 'state'));
    // One process is reading the file at that very moment, and is killed as soon as another is about to write.
    const { child: looking } = await other(`
      const db = new Database(file);
      db.exec('BEGIN');
      db.prepare('SELECT count(*) FROM sqlite_schema').get();
      console.log('ready');
      setInterval(() => db.open, 1000);`);
    await other(
      `
      console.log('ready');
      const look = () => {
        const db = new Database(file, { timeout: 0 });
        try {
          db.pragma('user_version');
          setImmediate(look);
        } catch {
          process.kill(Number(args[0]), 'SIGKILL');
        } finally {
          db.close();
        }
      };
      look();`,
      String(looking.pid),
    );
    const spool = open();
    expect(spool.start.generation).toBeGreaterThan(0);
    spool.close();
  });
});

describe('a file that is not one of our spools', () => {
  it('is refused and not changed if it was written by a newer version', () => {
    made((db) => {
      db.pragma(`application_id = ${applicationId}`);
      db.pragma('user_version = 999');
      db.exec('CREATE TABLE new_things (a)');
    });
    chmodSync(file, 0o600);
    const before = fingerprint();
    const error = thrownBy(open);
    expect(error).toMatchObject({ code: 'SPOOL_NEWER', exitCode: 78 });
    expect(error?.message).toContain(`schema 999; this one knows ${schemaVersion}`);
    expect(fingerprint()).toEqual(before);
  });

  it('is refused and not changed if a newer version wrote to its log', () => {
    made((db) => {
      db.pragma('journal_mode = WAL');
      db.pragma(`application_id = ${applicationId}`);
      db.pragma('user_version = 999');
      db.exec('CREATE TABLE new_things (a)');
    });
    const before = fingerprint();
    expect(thrownBy(open)).toMatchObject({ code: 'SPOOL_NEWER' });
    expect(fingerprint()).toEqual(before);
  });

  it('is refused and not changed if it is another program’s database', () => {
    made((db) => db.exec('CREATE TABLE pokemon (id)'));
    const before = fingerprint();
    expect(thrownBy(open)).toMatchObject({ code: 'NOT_A_SPOOL', exitCode: 78 });
    expect(fingerprint()).toEqual(before);
  });

  it.each([
    ['a line of text', 'this is not a database\n'],
    ['a long text', 'this is not a database\n'.repeat(1000)],
  ])('is refused and not changed if it is not a database: %s', (_, text) => {
    mkdirSync(join(directory, 'state'));
    writeFileSync(file, text);
    const before = fingerprint();
    const error = thrownBy(open);
    expect(error).toMatchObject({ code: 'SPOOL_DAMAGED', exitCode: 74 });
    expect(error?.message).toContain(
      `${file} is damaged or not a SQLite database (file is not a database). It was not changed.`,
    );
    expect(fingerprint()).toEqual(before);
  });

  it('becomes a new spool if it is empty', () => {
    mkdirSync(join(directory, 'state'));
    writeFileSync(file, '');
    const spool = open();
    expect(spool.store.run()).toBeUndefined();
    spool.close();
  });

  it('is refused if it is a directory', () => {
    mkdirSync(file, { recursive: true });
    expect(thrownBy(open)).toMatchObject({ code: 'STATE_DIRECTORY', exitCode: 78 });
  });
});

describe('a spool of an earlier version', () => {
  it('is upgraded with all of its content, and its queue gets an id', () => {
    made((db) => {
      db.exec(migrations[0]!);
      db.pragma(`application_id = ${applicationId}`);
      db.pragma('user_version = 1');
      db.exec(`UPDATE spool SET generation = 4711;
        INSERT INTO run VALUES (1, 'r1', 'running', 'f', NULL, 0, NULL, 3, 2, 0, 0, 1, NULL, NULL)`);
    });
    const spool = open();
    const { start } = spool;
    expect(spool.store.run()).toMatchObject({ run: 'r1', nextSeq: 3, stored: 2 });
    expect(start.queue).toMatch(/^[0-9a-f]{24}$/);
    expect([start.generation, start.ids.length]).toEqual([4712, 1]);
    spool.close();
    const again = open();
    expect([again.start.queue, again.start.generation, again.start.ids[1]]).toEqual([start.queue, 4713, start.ids[0]]);
    again.close();
  });
});

describeWithMounts('a spool on a disk that is full when it is closed', () => {
  it.each([
    ['at once', () => undefined],
    [
      'after a failed compaction',
      (filler: string) => {
        // Enough to open the file, and not enough to write all of it again.
        truncateSync(filler, statSync(filler).size - 64 * 1024);
        expect(thrownBy(() => compactSpool(file))?.message).toContain('no disk space');
      },
    ],
  ])('keeps its log, and can be opened again %s', (_, happens) => {
    const disk = mountSmall(join(directory, 'state'), '64m');
    try {
      const spool = open();
      const first = { first: 1, frame: frameOf('x'.repeat(50_000)) };
      spool.store.commit(group({ run: { ...aRun, nextSeq: 2 }, frames: [first] }));
      // This leaves the log just long enough for a later commit, and makes the file as long as the log requires.
      spool.shrink();
      spool.store.commit(group({ run: { ...aRun, nextSeq: 3 } }));
      const filler = join(directory, 'state', 'filler');
      fill(filler);
      spool.close();
      happens(filler);
      rmSync(filler);
      const again = open();
      expect(again.wasClean).toBe(false);
      expect(again.store.run()?.nextSeq).toBe(3);
      again.close();
    } finally {
      disk.unmount();
    }
  });

  function fill(path: string): void {
    for (const bytes of [1024 * 1024, 4096, 1]) {
      const piece = Buffer.alloc(bytes);
      for (;;) {
        try {
          appendFileSync(path, piece);
        } catch {
          break;
        }
      }
    }
  }
});

describe('a queue’s log that was kept under another name', () => {
  const kept = (): string => `${file}-wal.4194304`;

  /** An unclean file whose last commit is only in the kept log. */
  function leftInside(): void {
    const spool = open();
    spool.store.commit(group({ run: { ...aRun, nextSeq: 2 } }));
    const before = readFileSync(file);
    spool.abandon();
    writeFileSync(file, before);
    renameSync(`${file}-wal`, kept());
  }

  it('is restored by the first of two starts, and the second one finds it', () => {
    leftInside();
    expect([restoreLog(file), restoreLog(file)]).toEqual([true, true]);
  });

  it('stays if a reader has created an empty log meanwhile', () => {
    leftInside();
    renameSync(kept(), `${file}-wal`);
    const db = {
      close: () => {
        rmSync(`${file}-wal`);
        writeFileSync(`${file}-wal`, '');
      },
    };
    leave(db, file);
    rmSync(`${file}-wal`);
    expect(open().store.run()?.nextSeq).toBe(2);
  });

  it('is not ignored by store compact', () => {
    leftInside();
    compactSpool(file);
    expect(open().store.run()?.nextSeq).toBe(2);
  });

  it('is archived with its file if that cannot be opened', () => {
    leftInside();
    const archived = archiveUnreadableFile(file, 'old');
    expect(existsSync(`${archived}-wal`)).toBe(true);
  });

  it('keeps a start from creating a new queue next to it', () => {
    leftInside();
    rmSync(file);
    expect(thrownBy(open)).toMatchObject({ code: 'SPOOL', exitCode: 74 });
    expect(existsSync(kept())).toBe(true);
  });
});

describe('a directory that cannot be created', () => {
  it('is a configuration error', () => {
    const notADirectory = join(directory, 'a-file');
    writeFileSync(notADirectory, '');
    file = join(notADirectory, 'state', 'queue.db');
    const error = thrownBy(open);
    expect(error).toMatchObject({ code: 'STATE_DIRECTORY', exitCode: 78 });
    expect(error?.message).toContain(
      `cannot create the state directory ${join(notADirectory, 'state')}: ${notADirectory} is not a directory`,
    );
  });
});

describe('a spool that was not closed cleanly', () => {
  /** A spool with some pages of frames, as a killed supervisor leaves it. Returns where one of the pages begins. */
  function killed(): number {
    const spool = open();
    const first = { first: 1, frame: frameOf('x'.repeat(50_000)) };
    spool.store.commit(group({ run: { ...aRun, nextSeq: 2 }, frames: [first] }));
    // Pages in the log would be read from the log.
    spool.shrink();
    spool.abandon();
    return readFileSync(file).indexOf('x'.repeat(3000));
  }

  it('has everything that was committed, and reports that it was not closed cleanly', () => {
    killed();
    const spool = open();
    expect(spool.wasClean).toBe(false);
    expect(spool.store.run()?.nextSeq).toBe(2);
    expect(spool.store.readFrameOf(1)?.frame).toEqual(frameOf('x'.repeat(50_000)));
    spool.close();
  });

  it('is refused and not changed if one of its pages is damaged', () => {
    const at = killed();
    const bytes = readFileSync(file);
    // The first four bytes of an overflow page are the number of the next page.
    bytes.fill(0xff, Math.floor(at / 4096) * 4096 + 4096, Math.floor(at / 4096) * 4096 + 4100);
    writeFileSync(file, bytes);
    const error = thrownBy(open);
    expect(error).toMatchObject({ code: 'SPOOL_DAMAGED', exitCode: 74 });
    expect(error?.message).toMatch(
      /is damaged or not a SQLite database \(.*\). It was not changed\. Restore it from a backup/,
    );
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('is refused if its log is missing, as in a copy of the file alone, unless it is compacted first, which accepts the file as it is', () => {
    const spool = open();
    spool.store.commit(group({ run: { ...aRun, nextSeq: 2 }, frames: [{ first: 1, frame: frameOf('a') }] }));
    const copy = readFileSync(file);
    spool.close();
    writeFileSync(file, copy);
    const before = fingerprint();
    const error = thrownBy(open);
    expect(error).toMatchObject({ code: 'SPOOL_INCOMPLETE', exitCode: 74 });
    expect(error?.message).toContain(`${file}-wal, which holds what was stored last, is missing. Nothing was changed`);
    expect(fingerprint()).toEqual(before);
    compactSpool(file);
    const again = open();
    expect(again.store.run()).toBeUndefined();
    again.close();
  });

  it.each([
    ['was closed cleanly', (spool: Spool) => spool.close()],
    ['was killed', (spool: Spool) => spool.abandon()],
  ])('is refused and not changed if it %s and the log next to it belongs to another queue', (_, ends) => {
    const spool = open();
    spool.store.commit(group({ run: { ...aRun, nextSeq: 2 }, frames: [{ first: 1, frame: frameOf('a') }] }));
    ends(spool);
    const foreign = Spool.open({ file: join(directory, 'other.db'), ...options });
    foreign.store.commit(group({ run: { ...aRun, run: 'other', nextSeq: 9 } }));
    foreign.abandon();
    cpSync(join(directory, 'other.db-wal'), `${file}-wal`);
    const before = fingerprint();
    const error = thrownBy(open);
    expect(error).toMatchObject({ code: 'SPOOL_INCOMPLETE', exitCode: 74 });
    expect(error?.message).toContain(`${file}-wal is the log of a different queue than ${file}`);
    expect(fingerprint()).toEqual(before);
    rmSync(`${file}-wal`);
  });

  it.each([
    ['empty, but its log is not', 'SPOOL_INCOMPLETE', () => writeFileSync(file, '')],
    ['missing, but its log exists', 'SPOOL', () => rmSync(file)],
    [
      'empty, but a supervisor has used it',
      'SPOOL_INCOMPLETE',
      () => {
        writeFileSync(file, '');
        rmSync(`${file}-wal`);
      },
    ],
  ])('is refused and not changed if it is %s', (_, code, happens) => {
    open().abandon();
    happens();
    const files = (): unknown =>
      readdirSync(join(directory, 'state')).map((name) => [name, readFileSync(join(directory, 'state', name), 'hex')]);
    const before = files();
    expect(thrownBy(open)).toMatchObject({ code, exitCode: 74 });
    expect(files()).toEqual(before);
  });

  it('is not changed, and neither is its log, when it is refused', () => {
    killed();
    const log = readFileSync(`${file}-wal`);
    const spool = open();
    spool.store.commit(group({ run: { ...aRun, nextSeq: 3 }, frames: [{ first: 2, frame: frameOf('b') }] }));
    spool.abandon();
    const bytes = readFileSync(file);
    bytes.fill(0xff, 100, 4096);
    const written = readFileSync(`${file}-wal`);
    expect(written.length).toBeGreaterThan(log.length);
    // A log that does not contain the damaged page.
    writeFileSync(`${file}-wal`, '');
    writeFileSync(file, bytes);
    const before = [readFileSync(file), readFileSync(`${file}-wal`)];
    expect(thrownBy(open)).toMatchObject({ exitCode: 74 });
    expect([readFileSync(file), readFileSync(`${file}-wal`)]).toEqual(before);
  });

  it('is complete after its supervisor was killed while the content was only in its log', () => {
    const spool = open();
    spool.store.commit(group({ run: { ...aRun, nextSeq: 2 }, frames: [{ first: 1, frame: frameOf('a') }] }));
    spool.abandon();
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
    expect(readdirSync(join(directory, 'state')).toSorted()).toEqual(['queue.db', 'queue.db-wal', 'supervisor.pid']);
    const again = open();
    expect(again.store.run()?.nextSeq).toBe(2);
    again.close();
    expect(readdirSync(join(directory, 'state'))).toEqual(['queue.db']);
  });

  it('is complete after its supervisor was killed while closing it uncleanly', () => {
    const spool = open();
    spool.store.commit(group({ run: { ...aRun, nextSeq: 2 }, frames: [{ first: 1, frame: frameOf('a') }] }));
    spool.abandon();
    renameSync(`${file}-wal`, `${file}-wal.4194304`);
    const again = open();
    expect(again.wasClean).toBe(false);
    expect(again.store.run()?.nextSeq).toBe(2);
    again.close();
    expect(readdirSync(join(directory, 'state'))).toEqual(['queue.db']);
  });

  it('ignores an older log that a killed process has left', () => {
    const spool = open();
    spool.store.commit(group({ run: { ...aRun, nextSeq: 2 } }));
    spool.abandon();
    cpSync(`${file}-wal`, `${file}-wal.4194304`);
    const later = open();
    later.store.commit(group({ run: { ...aRun, nextSeq: 3 } }));
    expect(existsSync(`${file}-wal.4194304`)).toBe(false);
    later.close();
    cpSync(file, `${file}-wal.4194304`);
    const clean = open();
    expect(clean.store.run()?.nextSeq).toBe(3);
    clean.close();
    expect(readdirSync(join(directory, 'state'))).toEqual(['queue.db']);
  });

  it('is refused if its beginning is missing', () => {
    killed();
    writeFileSync(file, readFileSync(file).subarray(0, 8192));
    expect(thrownBy(open)).toMatchObject({ exitCode: 74 });
  });
});

describe('the watch over the file', () => {
  it('does nothing while the opened file is still in place', () => {
    const spool = open();
    const check = fileWatch(file);
    spool.store.commit(group());
    expect(check).not.toThrow();
    spool.close();
  });

  it.each<[string, () => void]>([
    ['removed', () => rmSync(file)],
    [
      'replaced',
      () => {
        writeFileSync(`${file}.other`, '');
        renameSync(`${file}.other`, file);
      },
    ],
  ])('throws if the file was %s', (what, change) => {
    const spool = open();
    const check = spool.watch();
    change();
    const error = thrownBy(check);
    expect(error).toMatchObject({ code: 'SPOOL', exitCode: 74 });
    expect(error?.message).toContain(`${file} was ${what} while in use`);
    spool.abandon();
  });
});

describe('a spool that is archived', () => {
  it('is moved together with its logs if it cannot be read, and replaces no other file', () => {
    mkdirSync(join(directory, 'state'));
    writeFileSync(file, 'damaged');
    writeFileSync(`${file}-wal`, 'not written back');
    writeFileSync(join(directory, 'state', 'queue.until-today.db'), 'an earlier one');
    const retired = archiveUnreadableFile(file, 'until-today');
    expect(readdirSync(join(directory, 'state'))).toEqual([
      'queue.until-today-2.db',
      'queue.until-today-2.db-wal',
      'queue.until-today.db',
    ]);
    expect([readFileSync(retired, 'utf8'), readFileSync(`${retired}-wal`, 'utf8')]).toEqual([
      'damaged',
      'not written back',
    ]);
  });

  it('is complete under its new name, and makes way for a new spool', () => {
    const spool = open();
    spool.store.commit(group({ run: { ...aRun, nextSeq: 3 }, frames: [{ first: 1, frame: frameOf('a', 'b') }] }));
    const retired = spool.archive('until-today');
    expect(retired).toBe(join(directory, 'state', 'queue.until-today.db'));
    expect(readdirSync(join(directory, 'state'))).toEqual(['queue.until-today.db']);
    const fresh = open();
    expect(fresh.store.run()).toBeUndefined();
    fresh.close();
    const old = Spool.open({ file: retired, ...options });
    expect(old.store.readFrameOf(1)?.frame).toEqual(frameOf('a', 'b'));
    expect(old.store.run()?.nextSeq).toBe(3);
    old.close();
  });

  it('never replaces a spool that was archived before', () => {
    const names = [1, 2, 3].map((nextSeq) => {
      const spool = open();
      spool.store.commit(group({ run: { ...aRun, nextSeq } }));
      return spool.archive('until-today');
    });
    expect(new Set(names).size).toBe(3);
    const kept = names.map((name) => {
      const spool = Spool.open({ file: name, ...options });
      const nextSeq = spool.store.run()?.nextSeq;
      spool.close();
      return nextSeq;
    });
    expect(kept).toEqual([1, 2, 3]);
    expect(existsSync(file)).toBe(false);
  });
});
