import type { DeadLetter, DeadQuery } from '../observability/status.ts';

/** The dead letters in a state directory that no supervisor has locked, in the order of seq. */
export type ListDead = (
  stateDirectory: string,
  query: DeadQuery,
) => readonly DeadLetter[] | Promise<readonly DeadLetter[]>;

/** Loaded when it is called: a running pipeline is asked instead, and the spool brings SQLite with it. */
export async function listDead(stateDirectory: string, query: DeadQuery): Promise<readonly DeadLetter[]> {
  const { readDeadLettersOf } = await import('../queue/dead-letters.ts');
  const { queueFile } = await import('./letters-in-spool.ts');
  return readDeadLettersOf(queueFile(stateDirectory), query);
}
