import { existsSync } from 'node:fs';
import { Ledger, otherSink } from '../../ledger/ledger.ts';
import type { Batch, Prepared, SinkContext, SinkWriter } from '../../sinks/port.ts';
import { untilFree } from './busy.ts';
import type { Captured } from './captured-row.ts';
import { connect, realPathOf, unusable, type Database } from './database.ts';
import { faultOf } from './fault.ts';
import { watchIdentity } from './file-identity.ts';
import { ledgerTables } from './ledger-tables.ts';
import type { ResolvedTarget } from './options.ts';
import { ResultTables } from './result-tables.ts';
import { Transaction } from './transaction.ts';

/** Opens the SQLite sink: connects, registers this writer, creates the tables whose columns are known. */
export async function openWriter(target: ResolvedTarget, context: SinkContext): Promise<SinkWriter<unknown, Captured>> {
  const file = await realPathOf(target.file);
  // The file is not even created: SQLite would delete the log next to a database that was moved away.
  if (context.isKnown && !existsSync(file)) throw otherSink(file, context.run);
  // SQLite waits for its single writer by polling, which is unfair, so consumers queue up before they get here.
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => context.exclusive(`sink:sqlite:${file}`, task);

  const { db, transaction, ledger, tables, checkFile } = await inTurn(() => open(target, context, file));

  /** Runs `work` in its own transaction. */
  const transact = <T>(work: () => Promise<T>): Promise<T> =>
    inTurn(async () => {
      try {
        await untilFree(context, file, () => transaction.begin());
        await ledger.checkSelf();
        const result = await work();
        await untilFree(context, file, () => transaction.commit());
        // After the commit, so that the file is known to have existed until then. No item may be settled whose rows are
        // in a deleted file.
        checkFile();
        return result;
      } catch (error) {
        transaction.rollback();
        tables.forget();
        throw faultOf(error, file, tables.label);
      }
    });
  const write = async ({ items, captured }: Batch<Captured>): Promise<void> => {
    await ledger.record(items);
    tables.write(captured);
  };

  return {
    capture: (row, captured) => tables.capture(row, captured),
    commit: (batch) => transact(() => write(batch)),
    prepare: (batch) => prepared((isWritten) => transact(() => write(batch).then(isWritten))),
    fence: (writers) => transact(() => ledger.fence(writers)),
    // A read waits for no writer, and makes none wait.
    ask: (from, to) => untilFree(context, file, () => ledger.ask(from, to)),
    prune: (request) => transact(() => ledger.prune(request)),
    close() {
      // Rolls back what is open.
      db.close();
      return Promise.resolve();
    },
  };
}

interface Opened {
  db: Database;
  transaction: Transaction;
  ledger: Ledger;
  tables: ResultTables;
  /** Throws when the file is no longer the one that was opened. */
  checkFile: () => void;
}

async function open(target: ResolvedTarget, context: SinkContext, file: string): Promise<Opened> {
  const db = await untilFree(context, file, () => connect(file));
  try {
    const checkFile = watchIdentity(file);
    const transaction = new Transaction(db);
    await untilFree(context, file, () => transaction.begin());
    const ledger = await Ledger.register(ledgerTables(db, context.sink), context);
    const tables = new ResultTables(db, target, context);
    await untilFree(context, file, () => transaction.commit());
    return { db, transaction, ledger, tables, checkFile };
  } catch (error) {
    db.close();
    throw unusable(file, error) ?? error;
  }
}

/** Thrown into a prepared transaction to roll it back. */
const rolledBack = new Error('rolled back');

/**
 * Resolves when `transact` has called its argument, which then waits for the decision: the transaction stays open, and keeps
 * its turn, until then.
 */
function prepared(transact: (isWritten: () => Promise<void>) => Promise<void>): Promise<Prepared> {
  return new Promise((resolve, reject) => {
    const transaction: Promise<void> = transact(
      () =>
        new Promise((proceed, abandon) => {
          resolve({
            commit: async () => {
              proceed();
              await transaction;
            },
            rollback: async () => {
              abandon(rolledBack);
              await transaction.catch((error: unknown) => {
                if (error !== rolledBack) throw error;
              });
            },
          });
        }),
    );
    transaction.catch(reject);
  });
}
