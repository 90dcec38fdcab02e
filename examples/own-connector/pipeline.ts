/** Counts the words of every line in `inbox`. */
import { definePipeline } from 'millrace';
import { inbox } from './inbox.ts';
import { outbox } from './outbox.ts';

export default definePipeline({
  name: 'own-connector',
  source: inbox({ directory: 'inbox' }),
  process: ({ file, number, text }) => ({ file, number, words: text.split(/\s+/).filter(Boolean).length }),
  sink: outbox({ directory: 'outbox' }),
});
