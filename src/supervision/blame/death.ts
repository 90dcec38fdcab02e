import type { ErrorData } from '../../core/errors.ts';
import type { Failed } from '../../ipc/messages.ts';
import type { Exit } from '../posts/child.ts';

/** The last report of a process before it went: an error, and its origin. */
export interface LastError {
  origin: Failed['origin'];
  words: string;
  error: ErrorData;
  /** An external service was unreachable. */
  isOutside: boolean;
}

/**
 * What a consumer died of, if the items it was running can be to blame; undefined if it was asked to go, or failed by
 * itself: because of its sink, or of an item that has been settled as failed.
 */
export function deathOf(
  { code, signal, killed, reason, lastWords }: Exit,
  error: LastError | undefined,
): { cause: string; isFromOutside: boolean } | undefined {
  const died = (cause: string): { cause: string; isFromOutside: boolean } => ({ cause, isFromOutside: false });
  if (killed === 'order') return undefined;
  if (killed === 'hang') return died(`hang: ${reason ?? 'silent'}`);
  if (error) return error.origin === 'uncaught' ? died(`uncaught error: ${error.words}`) : undefined;
  if (killed === 'broken') return died(reason ?? 'its channel broke');
  if (lastWords?.includes('out of memory')) return died('ran out of memory (V8 heap)');
  if (signal) return { cause: lastWords ? `${signal}: ${lastWords}` : signal, isFromOutside: signal === 'SIGKILL' };
  // Without a code it never ran: it could not be started.
  return code === null ? undefined : died(`exit code ${code}`);
}
