import type { DeadLetters } from '../core/dead-letters.ts';
import type { EventBus } from '../observability/events.ts';

/** The same dead letters, with an event for each change by an operator. */
export function reportedLetters(letters: DeadLetters, events: EventBus): DeadLetters {
  const report = (event: 'letters.givenBack' | 'letters.purged', asked: number, missing: number[]): number[] => {
    if (asked > missing.length) events.emit(event, { letters: asked - missing.length });
    return missing;
  };
  return {
    list: (query) => letters.list(query),
    read: (seq) => letters.read(seq),
    giveBack: async (seqs) => report('letters.givenBack', seqs.length, await letters.giveBack(seqs)),
    giveBackAs: async (seq, item) => report('letters.givenBack', 1, await letters.giveBackAs(seq, item)),
    purge: async (seqs) => report('letters.purged', seqs.length, await letters.purge(seqs)),
  };
}
