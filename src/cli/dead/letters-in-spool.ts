import { existsSync } from 'node:fs';
import { deadPage } from '../../control/dead-page.ts';
import type { Clock } from '../../core/clock.ts';
import { usageError } from '../../core/errors.ts';
import { openDeadLetters, readDeadLetters } from '../../queue/dead-letters.ts';
import { LetterBox, type Change } from '../../queue/letter-box.ts';
import { Queue } from '../../queue/queue.ts';
import { Spool } from '../../queue/spool.ts';
import type { Store } from '../../queue/store.ts';
import { spoolFile } from '../../supervision/opening.ts';
import type { FoundState } from '../find-state.ts';
import type { OpenLetters } from './letters.ts';

/** What a queue takes that is only opened to change some of it. */
const windowBytes = 1024 * 1024;
/** How large items may be is a matter of the pipeline's options, which are not known here: as large as they can be. */
const maxItemBytes = 128 * 1024 * 1024;

/** The dead letters in a state directory that no supervisor has locked. To change them is to be the supervisor for a moment. */
export function lettersInSpool(
  { directory: stateDirectory, name: pipeline }: FoundState,
  purpose: 'look' | 'change',
  clock: Clock,
): OpenLetters {
  const file = spoolFile(stateDirectory);
  // The name is wrong, and nothing is to be made of it.
  if (!existsSync(file)) throw usageError(`there is no queue in ${stateDirectory}`);
  if (purpose === 'look') {
    const { store, close } = openDeadLetters(file, pipeline);
    const refuse: Change = () => Promise.reject(new Error('these letters were opened to be looked at'));
    return opened(store, refuse, { next: null, close });
  }
  const spool = Spool.open({ file, durability: 'full', pipeline });
  const run = spool.run();
  if (!run) {
    spool.close('unused');
    throw usageError(`there is no run in the queue in ${stateDirectory}`);
  }
  const queue = new Queue(spool, run, { windowBytes, reopens: true });
  const change: Change = async (work) => {
    const moment = { now: clock.now(), wall: clock.wall() };
    const result = work(queue, moment);
    queue.commit(moment);
    return await Promise.resolve(result);
  };
  return opened(spool, change, {
    next: run.state === 'finished' ? 'opens again' : 'goes on',
    close: () => spool.close('unused'),
  });
}

function opened(
  store: Pick<Store, 'readDead' | 'readDeadHeads'>,
  change: Change,
  own: Pick<OpenLetters, 'next' | 'close'>,
): OpenLetters {
  const box = new LetterBox(store, change, { maxItemBytes });
  return {
    ...own,
    page: (query) => deadPage(query, (part) => readDeadLetters(store, part)),
    list: (query) => box.list(query),
    read: (seq) => box.read(seq),
    giveBack: (seqs) => box.giveBack(seqs),
    giveBackAs: (seq, item) => box.giveBackAs(seq, item),
    purge: (seqs) => box.purge(seqs),
  };
}
