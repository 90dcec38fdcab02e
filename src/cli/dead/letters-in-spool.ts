import { existsSync } from 'node:fs';
import { deadPage } from '../../control/dead-page.ts';
import type { Clock } from '../../core/clock.ts';
import { usageError } from '../../core/errors.ts';
import { deadLettersAtRest, readDeadLetters } from '../../queue/spool/dead-letters.ts';
import { LetterBox, type Change } from '../../queue/dead/letter-box.ts';
import { Queue } from '../../queue/queue.ts';
import { openSpool } from '../../queue/spool/open.ts';
import type { Store } from '../../queue/store.ts';
import { spoolFile } from '../../queue/spool/directory.ts';
import type { FoundState } from '../find-state.ts';
import type { Shell } from '../shell.ts';
import type { OpenLetters } from './letters.ts';

/** The memory of a queue that is only opened to change some of it. */
const windowBytes = 1024 * 1024;
/** The maximum item size is an option of the pipeline, which is not known here: allow the largest possible. */
const maxItemBytes = 128 * 1024 * 1024;

/**
 * The dead letters in a state directory that no supervisor has locked, for reading. The queue's file is open only while a
 * page of them is read, because the reader of the output may be slow.
 */
export function lettersToLookAt(
  { directory, name: pipeline }: FoundState,
  { redaction }: Pick<Shell, 'redaction'>,
): OpenLetters {
  const refuse: Change = () => Promise.reject(new Error('these letters were opened for reading only'));
  const onRedacted = (names: readonly string[]): void => redaction.hideNames(names);
  const store = deadLettersAtRest(queueIn(directory), { pipeline, onRedacted });
  return opened(store, refuse, { next: null, close: () => undefined });
}

/**
 * The same for changing letters. This process then acts as the supervisor: the queue stays locked until the letters are
 * closed.
 */
export async function lettersToChange(
  { directory: stateDirectory, name: pipeline }: FoundState,
  clock: Clock,
): Promise<OpenLetters> {
  const file = queueIn(stateDirectory);
  const spool = (await openSpool({ file, durability: 'full', pipeline }, { clock }))!;
  const run = spool.store.run();
  if (!run) {
    spool.close('unused');
    throw usageError(`there is no run in the queue in ${stateDirectory}`);
  }
  const queue = new Queue(spool.store, run, { windowBytes, reopens: true });
  const change: Change = async (work) => {
    const moment = clock.moment();
    const result = work(queue, moment);
    queue.commit(moment);
    return await Promise.resolve(result);
  };
  return opened(spool.store, change, {
    next: run.state === 'finished' ? 'opens again' : 'resumes',
    close: () => spool.close('unused'),
  });
}

function queueIn(stateDirectory: string): string {
  const file = spoolFile(stateDirectory);
  // The name is wrong: do not create a queue for it.
  if (!existsSync(file)) throw usageError(`there is no queue in ${stateDirectory}`);
  return file;
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
