import { BadRow, type Batch, type SinkContext, type SinkWriter } from '../port.ts';
import { untilFree } from './busy.ts';
import { connect, immediately, realPathOf, sqliteCodeOf, unusable, type Database } from './database.ts';
import { watchIdentity } from './file-identity.ts';
import { Ledger } from './ledger.ts';
import type { SqliteTarget } from './options.ts';
import { ResultTable } from './table.ts';

/** Opens the SQLite sink: connects, registers this writer, makes the table if its columns are known. */
export async function openWriter(target: SqliteTarget, context: SinkContext): Promise<SinkWriter<unknown>> {
  const file = await realPathOf(target.file);
  // SQLite's way of waiting for the one writer it takes is polling, and unfair: consumers line up before they come here.
  const inTurn = <T>(step: () => T): Promise<T> =>
    context.exclusive(`sink:sqlite:${file}`, () => untilFree(context.clock, file, step));

  const { db, atomically, ledger, table } = await inTurn(() => begin(target, context, file));
  const checkFile = watchIdentity(file, context.clock);

  const write = ({ rows, seqs }: Batch<unknown>): void => {
    ledger.checkSelf();
    ledger.record(seqs);
    table.write(rows);
  };

  return {
    async commit(batch) {
      await inTurn(() => {
        checkFile();
        try {
          atomically(() => write(batch));
        } catch (error) {
          table.forget();
          throw isDeferredConstraint(error)
            ? new BadRow(`table "${target.table}": ${error.message}`, { cause: error })
            : error;
        }
      });
    },
    fence: (writers) =>
      inTurn(() =>
        atomically(() => {
          ledger.checkSelf();
          return ledger.fence(writers);
        }),
      ),
    // Reading waits for no writer and keeps none waiting.
    ask: (from, to) => untilFree(context.clock, file, () => ledger.ask(from, to)),
    prune: (request) =>
      inTurn(() =>
        atomically(() => {
          ledger.checkSelf();
          ledger.prune(request);
        }),
      ),
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
}

function begin(target: SqliteTarget, context: SinkContext, file: string): Opened {
  const db = connect(file, context.durability);
  try {
    const atomically = immediately(db);
    return atomically(() => ({ db, atomically, ledger: new Ledger(db, context), table: new ResultTable(db, target) }));
  } catch (error) {
    db.close();
    throw unusable(file, error) ?? error;
  }
}

/** A foreign key that is checked at the end only: the one fault of a row that shows in COMMIT. */
function isDeferredConstraint(error: unknown): error is Error {
  return sqliteCodeOf(error) === 'SQLITE_CONSTRAINT_FOREIGNKEY';
}
