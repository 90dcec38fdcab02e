import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Fenced } from '../../../../src/sinks/port.ts';
import { ImpatientClock } from '../../../support/impatient-clock.ts';
import { Directory } from './a-directory.ts';

let directory: Directory;
beforeEach(() => {
  directory = new Directory();
});
afterEach(async () => await directory.dispose());

describe('a writer of a database that another process has locked', () => {
  it('waits without blocking the event loop, and then writes', async () => {
    const clock = new ImpatientClock();
    const writer = await directory.open({}, { clock });
    await writer.write({ id: 1 });
    const other = directory.connect();
    other.exec('BEGIN IMMEDIATE');
    clock.onWait = () => {
      if (clock.waits === 3) other.exec('COMMIT');
    };
    await writer.write({ id: 2 });
    expect(clock.waits).toBe(3);
    expect(directory.query()).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('waits when it opens the database', async () => {
    directory.run('PRAGMA journal_mode = WAL', 'CREATE TABLE results (id)');
    const clock = new ImpatientClock();
    const other = directory.connect();
    other.exec('BEGIN IMMEDIATE');
    clock.onWait = () => {
      if (clock.waits === 2) other.exec('COMMIT');
    };
    await (await directory.open({}, { clock })).write({ id: 1 });
    expect(directory.query()).toEqual([{ id: 1 }]);
  });

  it('fails in the end because it cannot reach the sink, and writes the next batch once the database is free', async () => {
    const clock = new ImpatientClock();
    const writer = await directory.open({}, { clock });
    await writer.write({ id: 1 });
    const other = directory.connect();
    other.exec('BEGIN IMMEDIATE');
    clock.onWait = () => clock.turn(2000);
    await expect(writer.write({ id: 2 })).rejects.toMatchObject({ code: 'SINK_LOCKED' });
    expect(clock.waits).toBe(3);
    other.exec('COMMIT');
    await writer.write({ id: 3 });
    expect(directory.query()).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it('that fences a lost writer waits until the open transaction of the lost writer has ended', async () => {
    const clock = new ImpatientClock();
    const lost = await directory.open({ columns: { id: 'INTEGER' } }, { writer: 1 });
    const successor = await directory.open({}, { writer: 2, clock });
    const inside = directory.connect();
    inside.exec('BEGIN IMMEDIATE');
    inside.exec("INSERT INTO millrace_ledger VALUES ('under test', 'run-1', 5, 9)");
    clock.onWait = () => void (inside.inTransaction && inside.exec('COMMIT'));
    expect(await successor.fence([1])).toBe(9);
    expect(await successor.ask(1, 10)).toEqual([[5, 9]]);
    await expect(lost.write({ id: 1 })).rejects.toThrow(Fenced);
  });

  it('waits in its turn, under the name of the file', async () => {
    const names: string[] = [];
    let inside = 0;
    const exclusive = async <T>(name: string, task: () => T | Promise<T>): Promise<T> => {
      names.push(name);
      expect(inside).toBe(0);
      inside++;
      try {
        return await task();
      } finally {
        inside--;
      }
    };
    const writer = await directory.open({}, { exclusive });
    await writer.write({ id: 1 });
    await writer.fence([7]);
    await writer.prune({ before: 1, open: [], drop: [] });
    await writer.ask(1, 9);
    expect(names).toEqual(Array.from({ length: 4 }, () => `sink:sqlite:${directory.file}`));
  });
});
