import { closeSync, openSync, readSync } from 'node:fs';
import { configError, type MillraceError } from '../../core/errors.ts';
import { queueApplicationId } from '../../core/queue-file.ts';
import { sqliteCodeOf } from './error-codes.ts';

/**
 * Throws a configuration error if `file` is a queue of Millrace, under whatever name: this pipeline's or another's.
 * `applicationId` asks a connection for it.
 */
export function refuseQueueFile(file: string, applicationId: () => unknown): void {
  try {
    if (applicationId() === queueApplicationId) throw queueFile(file);
  } catch (error) {
    // A supervisor keeps its queue locked while it runs, so a wait would never end.
    if (sqliteCodeOf(error)?.startsWith('SQLITE_BUSY') && idInHeader(file) === queueApplicationId)
      throw queueFile(file);
    throw error;
  }
}

/**
 * The application id in the file's header. Only for a file that another process has locked: closing it drops every lock
 * that this process has on it (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
 */
function idInHeader(file: string): number | undefined {
  const header = Buffer.alloc(72);
  const descriptor = openSync(file, 'r');
  try {
    // Big-endian, at byte 68: https://sqlite.org/fileformat2.html#application_id
    return readSync(descriptor, header, 0, header.length, 0) === header.length ? header.readUInt32BE(68) : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function queueFile(file: string): MillraceError {
  const text = `cannot write ${file}: it is the queue of a Millrace pipeline, not a database for results. Name another file.`;
  return configError('SINK_FILE', text);
}
