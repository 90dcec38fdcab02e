/** Counts the words of every line in `inbox`. */
import { definePipeline } from 'millrace';
import { inbox } from './inbox.ts';
import { outbox } from './outbox.ts';
import { words } from './words.ts';

export default definePipeline({
  name: 'own-connector',
  source: inbox({ directory: 'inbox' }),
  process: words(),
  sink: outbox({ directory: 'outbox' }),
  // Each slot has a program of its own, so there should not be too many.
  options: { concurrency: 4 },
});
