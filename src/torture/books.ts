import type { Evidence } from './evidence.ts';
import type { Problem } from './problem.ts';

/** Compares the queue's own counts, and the state that it is in, with what was counted from the evidence. */
export function bookProblems(
  { books, dead, hasSourceEnded, sourceItems, isDeterministic, ledger, delivery }: Evidence,
  counted: { done: number; emitted: number | undefined },
): Problem[] {
  const problems: Problem[] = [];
  const expect = (what: string, found: unknown, expected: unknown): void => {
    if (found !== expected)
      problems.push({ kind: 'books', count: 1, text: `${what}: expected ${String(expected)}, found ${String(found)}` });
  };
  if (books.state !== 'finished')
    problems.push({ kind: 'unfinished', count: 1, text: `the run is not finished: its state is ${books.state}` });
  if (!hasSourceEnded) problems.push({ kind: 'missing', count: 1, text: 'the run ended before its source did' });
  if (sourceItems !== undefined) expect('items that the source has emitted', counted.emitted, sourceItems);
  if (isDeterministic && counted.emitted !== undefined) expect('stored by the books', books.stored, counted.emitted);
  // If a process died before it could report a commit, only the ledger knows of it.
  if (ledger || delivery !== 'transaction') expect('done by the books', books.done, counted.done);
  expect('dead by the books', books.dead, dead.length);
  expect('stored by the books', books.stored, books.done + books.dead);
  expect('exit code by the books', books.exitCode, books.dead > 0 ? 3 : 0);
  return problems;
}
