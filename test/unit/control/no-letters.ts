import type { DeadLetters } from '../../../src/core/dead-letters.ts';

/** The dead letters of a pipeline that has none. */
export const noLetters: DeadLetters = {
  list: () => Promise.resolve([]),
  read: () => Promise.resolve(undefined),
  giveBack: (seqs) => Promise.resolve([...seqs]),
  giveBackAs: (seq) => Promise.resolve([seq]),
  purge: (seqs) => Promise.resolve([...seqs]),
};
