import { statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { configError, DependencyError, MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { requireSafeSqlite } from '../../core/sqlite-version.ts';
import type { Database } from './database.ts';
import { isDamage, isOutage, sqliteCodeOf } from './error-codes.ts';

/** SQLite's own wait blocks the whole process, so it is short; `untilFree` continues to wait without blocking. */
const busyTimeoutMs = 100;

/** Opens an existing database so that nothing can be written to it. Throws as `readFault` says. */
export function connectReadOnly(file: string): Database {
  const problem = pathProblem(file);
  if (problem !== undefined) {
    throw configError('SOURCE_FILE', `cannot read ${file}: ${problem}; check the path in file`);
  }
  let db: Database | undefined;
  try {
    db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    requireSafeSqlite(db.prepare('SELECT sqlite_version()').pluck().get() as string);
    // Views in the database file must not call functions that reach outside of it.
    db.pragma('trusted_schema = OFF');
    // The first read of the file.
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return db;
  } catch (error) {
    db?.close();
    throw error;
  }
}

/** What is wrong with a path; undefined if it leads to a file. */
function pathProblem(file: string): string | undefined {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return 'there is no such file';
    return found.isFile() ? undefined : 'it is not a file';
  } catch (error) {
    if (!isWrongPath(error)) throw error;
    return error.message;
  }
}

function isWrongPath(error: unknown): error is Error {
  return /^(?:EACCES|ELOOP|ENAMETOOLONG)$/.test((error as NodeJS.ErrnoException).code ?? '');
}

/**
 * An error of SQLite while it reads: exit 78 if the file or the SQL is wrong, exit 74 if the file is damaged; a
 * DependencyError if waiting may help. A file that cannot be opened is wrong only if it has not been opened before
 * (`isOpen`). Errors that are not SQLite's stay as they are.
 */
export function readFault(file: string, error: unknown, { isOpen }: { readonly isOpen: boolean }): unknown {
  const code = sqliteCodeOf(error);
  if (code === undefined) return error;
  const problem = `cannot read ${file}: ${(error as Error).message} (${code})`;
  if (code.startsWith('SQLITE_NOTADB')) {
    return configError('SOURCE_FILE', `${problem}. It is not a SQLite database: name another file.`, error);
  }
  if (isDamage(code)) {
    const text = `${problem}. It is damaged: repair it ("sqlite3 FILE .recover"), or restore it from a backup.`;
    return new MillraceError('SOURCE_DAMAGED', text, { cause: error, exitCode: exitCodes.io });
  }
  if (/^SQLITE_READONLY_(ROLLBACK|RECOVERY)/.test(code)) {
    return new DependencyError(`${problem}. ${unfinished}: sqlite3 ${file} .tables`, { cause: error });
  }
  if (!isOpen && /^SQLITE_(CANTOPEN|PERM|READONLY)/.test(code))
    return configError('SOURCE_FILE', `${problem}. ${readable}`, error);
  if (isOutage(code)) return new DependencyError(problem, { cause: error });
  return configError('SOURCE_QUERY', `${problem}. Compare table, columns, where and query with the database.`, error);
}

// Reading the file would need its unfinished changes to be undone, which is a write.
const unfinished =
  'A program ended while it wrote: start that program again, or open the file once with write access, for example with';

const readable =
  'This user must be able to read the file; if it uses write-ahead logging, also to create files in its directory, ' +
  'unless another process has it open.';
