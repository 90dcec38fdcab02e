import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Spool } from '../../../../src/queue/spool/spool.ts';
import { connect } from '../../../../src/connectors/sqlite/database.ts';
import { Directory } from './a-directory.ts';

let directory: Directory;
beforeEach(() => {
  directory = new Directory();
});
afterEach(async () => await directory.dispose());

describe('a database file', () => {
  it('with a relative path is resolved from the directory in which the process started, even after chdir', async () => {
    const cwd = process.cwd();
    const file = relative(cwd, join(directory.path, 'here.db'));
    process.chdir('/');
    try {
      await (await directory.open({ file })).close();
    } finally {
      process.chdir(cwd);
    }
    expect(existsSync(join(directory.path, 'here.db'))).toBe(true);
  });

  it('has one name for all its writers, whatever path they use', async () => {
    await (await directory.open()).close();
    symlinkSync(directory.file, join(directory.path, 'link.db'));
    const names: string[] = [];
    const exclusive = async <T>(name: string, task: () => T | Promise<T>): Promise<T> => {
      names.push(name);
      return await task();
    };
    await directory.open({ file: join(directory.path, 'link.db') }, { writer: 2, exclusive });
    expect(names).toEqual([`sink:sqlite:${directory.file}`]);
  });

  it('is synced with each commit, uses a write-ahead log, and trusts nothing in its schema', () => {
    const db = connect(directory.file);
    const settings = ['synchronous', 'journal_mode', 'trusted_schema'].map((name): unknown =>
      db.pragma(name, { simple: true }),
    );
    db.close();
    expect(settings).toEqual([2, 'wal', 0]);
  });

  it.each<[string, (file: string) => void, string]>([
    [
      'is in a directory that does not exist',
      (file) => rmSync(join(file, '..'), { recursive: true }),
      'its directory does not exist',
    ],
    ['is a directory', (file) => mkdirSync(file), 'This user must be able to write the file'],
    ['is not a database', (file) => writeFileSync(file, 'name,height\n'.repeat(100)), 'It is not a SQLite database'],
  ])('that %s is a configuration error, and the message names the file', async (_what, prepare, text) => {
    const file = join(directory.path, 'sub', 'results.db');
    mkdirSync(join(directory.path, 'sub'));
    prepare(file);
    const opened = directory.open({ file });
    await expect(opened).rejects.toMatchObject({ code: 'SINK_FILE', exitCode: 78 });
    await expect(opened).rejects.toThrow(text);
    await expect(opened).rejects.toThrow(file);
  });

  it.each<[string, (queue: string, file: string) => void]>([
    ['by its name', (queue, file) => renameSync(queue, file)],
    ['by a symbolic link', (queue, file) => symlinkSync(queue, file)],
    ['by a hard link', (queue, file) => linkSync(queue, file)],
  ])('that is the queue of a stopped pipeline is refused, however it is reached: %s', async (_how, reach) => {
    const queue = join(directory.path, 'queue.db');
    Spool.open({ file: queue, durability: 'full' }).close();
    const before = readFileSync(queue);
    reach(queue, directory.file);
    const opened = directory.open();
    await expect(opened).rejects.toMatchObject({ code: 'SINK_FILE', exitCode: 78 });
    await expect(opened).rejects.toThrow(`${realpathSync(directory.file)}: it is the queue of a Millrace pipeline`);
    expect(readFileSync(directory.file).equals(before)).toBe(true);
  });

  it.each<[string, (queue: string, file: string) => void]>([
    ['by its name', () => undefined],
    ['by a symbolic link', (queue, file) => symlinkSync(queue, file)],
    ['by a hard link', (queue, file) => linkSync(queue, file)],
  ])('that is the queue of a running pipeline is refused, however it is reached: %s', async (_how, reach) => {
    const queue = join(directory.path, 'queue.db');
    const spool = Spool.open({ file: queue, durability: 'full' });
    try {
      reach(queue, directory.file);
      const opened = directory.open({ file: existsSync(directory.file) ? directory.file : queue });
      await expect(opened).rejects.toMatchObject({ code: 'SINK_FILE', exitCode: 78 });
      await expect(opened).rejects.toThrow('it is the queue of a Millrace pipeline');
    } finally {
      spool.close();
    }
  });

  it.each([
    ['another table in place of the ledger', 'CREATE TABLE millrace_ledger (id)'],
    ['a view in place of the ledger', 'CREATE VIEW millrace_writer AS SELECT 1 AS run'],
  ])('with %s is a configuration error', async (_what, statement) => {
    directory.run(statement);
    const opened = directory.open();
    await expect(opened).rejects.toMatchObject({ code: 'SINK_FILE', exitCode: 78 });
    await expect(opened).rejects.toThrow('millrace_ledger, millrace_writer and millrace_start cannot be used');
  });

  it('that loses its ledger while it is open ends the run; the sink does not wait for it', async () => {
    const writer = await directory.open();
    await writer.write({ id: 1 });
    directory.run('DROP TABLE millrace_ledger');
    const written = writer.write({ id: 2 });
    await expect(written).rejects.toMatchObject({ code: 'SINK_DAMAGED', exitCode: 74 });
    await expect(written).rejects.toThrow('no such table: millrace_ledger');
    expect(directory.query()).toEqual([{ id: 1 }]);
  });

  it('holds the ledgers of several sinks, which neither fence each other nor share items', async () => {
    const books = await directory.open({ table: 'books' }, { sink: 'books' });
    const authors = await directory.open({ table: 'authors' }, { sink: 'authors' });
    await books.write({ id: 1 });
    expect([await books.ask(1, 9), await authors.ask(1, 9)]).toEqual([[[1, 1]], []]);
    await authors.write({ id: 2 });
    await authors.fence([1, 7]);
    const late = await directory.open({ table: 'books' }, { sink: 'books', writer: 7 });
    await late.prune({ before: 2, open: [], drop: [] });
    expect([
      await authors.ask(1, 9),
      directory.query('SELECT id FROM books'),
      directory.query('SELECT id FROM authors'),
    ]).toEqual([[[1, 1]], [{ id: 1 }], [{ id: 2 }]]);
  });

  it('that must contain results is not created again', async () => {
    const opened = directory.open({}, { isKnown: true });
    await expect(opened).rejects.toMatchObject({ code: 'SINK_OTHER', exitCode: 78 });
    expect(existsSync(directory.file)).toBe(false);
  });

  it('that is damaged is left alone, with exit code 74', async () => {
    directory.run('CREATE TABLE results (id)', 'INSERT INTO results VALUES (1)');
    const bytes = readFileSync(directory.file);
    // The header is kept, so the file looks like a database until its schema is read.
    writeFileSync(directory.file, bytes.fill(0xa5, 100));
    const damaged = readFileSync(directory.file);
    await expect(directory.open()).rejects.toMatchObject({ code: 'SINK_DAMAGED', exitCode: 74 });
    await expect(directory.open()).rejects.toThrow(`${directory.file} is damaged`);
    expect(readFileSync(directory.file).equals(damaged)).toBe(true);
  });

  it.each<[string, (file: string) => void, string]>([
    ['deleted', (file) => rmSync(file), 'was deleted or moved away'],
    ['moved away', (file) => renameSync(file, `${file}.old`), 'was deleted or moved away'],
    [
      'replaced',
      (file) => {
        renameSync(file, `${file}.old`);
        writeFileSync(file, '');
      },
      'was replaced by another',
    ],
  ])(
    'that was %s while it was open is noticed at the next commit, which settles nothing',
    async (_what, change, text) => {
      const writer = await directory.open();
      await writer.write({ id: 1 });
      await writer.write({ id: 2 });
      change(directory.file);
      const written = writer.write({ id: 3 });
      await expect(written).rejects.toMatchObject({ code: 'SINK_REPLACED', exitCode: 74 });
      await expect(written).rejects.toThrow(text);
      await expect(writer.write({ id: 3 })).rejects.toMatchObject({ code: 'SINK_REPLACED' });
    },
  );
});
