import { describe, expect, it } from '@jest/globals';
import { MillraceError } from '../../../../src/core/errors.ts';
import { sinkFailureOf } from '../../../../src/sinks/port.ts';
import { unusable } from '../../../../src/connectors/sqlite/database.ts';
import { faultOf, isRowsFault } from '../../../../src/connectors/sqlite/fault.ts';

const failure = (code: string): Error => Object.assign(new Error('what SQLite says'), { code });

describe('an error of SQLite', () => {
  it.each([
    'SQLITE_CONSTRAINT_NOTNULL',
    'SQLITE_CONSTRAINT_CHECK',
    'SQLITE_CONSTRAINT_UNIQUE',
    'SQLITE_CONSTRAINT_TRIGGER',
    'SQLITE_MISMATCH',
    'SQLITE_TOOBIG',
    'SQLITE_ERROR',
    'SQLITE_ABORT',
    'SQLITE_RANGE',
    'SQLITE_AUTH',
  ])('is the fault of a row: %s', (code) => {
    expect(isRowsFault(failure(code))).toBe(true);
  });

  it.each([
    'SQLITE_BUSY',
    'SQLITE_BUSY_SNAPSHOT',
    'SQLITE_LOCKED',
    'SQLITE_FULL',
    'SQLITE_READONLY',
    'SQLITE_CANTOPEN',
    'SQLITE_NOMEM',
    'SQLITE_INTERRUPT',
    'SQLITE_PROTOCOL',
    'SQLITE_PERM',
    'SQLITE_SCHEMA',
  ])('is the fault of the sink, which is retried: %s', (code) => {
    const error = failure(code);
    expect([isRowsFault(error), faultOf(error, '/out.db', 'table "rows"')]).toEqual([false, error]);
  });

  it.each(['SQLITE_IOERR', 'SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_WRITE'])(
    'is the fault of the disk, whose contents are then unknown: %s',
    (code) => {
      const fault = faultOf(failure(code), '/out.db', 'table "rows"');
      expect(sinkFailureOf(fault)).toBe('unknown');
      expect((fault as Error).message).toBe(`/out.db: what SQLite says (${code})`);
    },
  );

  it.each(['SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX', 'SQLITE_NOTADB'])(
    'is a permanent fault of the file: %s',
    (code) => {
      expect(faultOf(failure(code), '/out.db', 'table "rows"')).toMatchObject({ code: 'SINK_DAMAGED', exitCode: 74 });
    },
  );

  it('is a permanent fault of the file if it comes from a statement on the ledger', () => {
    const fault = faultOf(failure('SQLITE_ERROR'), '/out.db', 'table "rows"');
    expect(fault).toMatchObject({ code: 'SINK_DAMAGED', exitCode: 74 });
    expect((fault as Error).message).toContain('what SQLite says (SQLITE_ERROR)');
  });

  it('is the fault of a row if a deferred foreign key fails', () => {
    expect(sinkFailureOf(faultOf(failure('SQLITE_CONSTRAINT_FOREIGNKEY'), '/out.db', 'table "rows"'))).toBe('row');
  });

  it('is the fault of a row if reading the row threw, and never if the error is ours', () => {
    expect(isRowsFault(new TypeError('a getter'))).toBe(true);
    expect(isRowsFault(new MillraceError('SINK_KEY', 'no such index'))).toBe(false);
  });
});

describe('an error of SQLite while the database is opened', () => {
  it.each([
    'SQLITE_READONLY',
    'SQLITE_READONLY_DIRECTORY',
    'SQLITE_CANTOPEN',
    'SQLITE_PERM',
    'SQLITE_NOTADB',
    'SQLITE_ERROR',
  ])('is a configuration error: %s', (code) => {
    expect(unusable('/out.db', failure(code))).toMatchObject({ code: 'SINK_FILE', exitCode: 78 });
  });

  it.each([
    'SQLITE_BUSY',
    'SQLITE_BUSY_RECOVERY',
    'SQLITE_LOCKED',
    'SQLITE_FULL',
    'SQLITE_IOERR_READ',
    'SQLITE_SCHEMA',
  ])('makes the sink wait: %s', (code) => {
    expect(unusable('/out.db', failure(code))).toBeUndefined();
  });
});
