import { existsSync } from 'node:fs';
import type { SinkContext, SinkWriter } from '../port.ts';
import { untilFree } from './busy.ts';
import { connect, immediately, realPathOf, unusable, type Database } from './database.ts';
import { faultOf } from './fault.ts';
import { watchIdentity } from './file-identity.ts';
import { Ledger, otherSink } from './ledger.ts';
import type { SqliteTarget } from './options.ts';
import type { Captured } from './captured-row.ts';
import { ResultTable } from './table.ts';

/** Opens the SQLite sink: connects, registers this writer, makes the table if its columns are known. */
export async function openWriter(target: SqliteTarget, context: SinkContext): Promise<SinkWriter<unknown, Captured>> {
  const file = await realPathOf(target.file);
  // Not even to be made: SQLite would drop the log that lies beside a database that was moved away.
  if (context.isKnown && !existsSync(file)) throw otherSink(file, context.run);
  // SQLite's way of waiting for the one writer it takes is polling, and unfair: consumers line up before they come here.
  const inTurn = <T>(step: () => T): Promise<T> =>
    context.exclusive(`sink:sqlite:${file}`, () => untilFree(context, file, step));

  const { db, atomically, ledger, table, checkFile } = await inTurn(() => begin(target, context, file));

  const transact = <T>(work: () => T): Promise<T> =>
    inTurn(() => {
      try {
        const result = atomically(() => {
          ledger.checkSelf();
          return work();
        });
        // Behind the commit: what it went to was there until then. Nothing is settled that is in a file nobody can find.
        checkFile();
        return result;
      } catch (error) {
        table.forget();
        throw faultOf(error, file, target.table);
      }
    });

  return {
    capture: (row, captured) => table.capture(row, captured),
    commit: ({ captured, seqs }) =>
      transact(() => {
        ledger.record(seqs);
        table.write(captured);
      }),
    fence: (writers) => transact(() => ledger.fence(writers)),
    // Reading waits for no writer and keeps none waiting.
    ask: (from, to) => untilFree(context, file, () => ledger.ask(from, to)),
    prune: (request) => transact(() => ledger.prune(request)),
    close() {
      db.close();
      return Promise.resolve();
    },
  };
}

interface Opened {
  db: Database;
  atomically: <T>(work: () => T) => T;
  ledger: Ledger;
  table: ResultTable;
  /** Throws when the file is no longer the one that was opened. */
  checkFile: () => void;
}

function begin(target: SqliteTarget, context: SinkContext, file: string): Opened {
  const db = connect(file);
  try {
    const checkFile = watchIdentity(file);
    const atomically = immediately(db);
    const [ledger, table] = atomically(() => [
      new Ledger(db, context),
      new ResultTable(db, { ...target, isSecret: context.isSecret }),
    ]);
    return { db, atomically, ledger, table, checkFile };
  } catch (error) {
    db.close();
    throw unusable(file, error) ?? error;
  }
}
