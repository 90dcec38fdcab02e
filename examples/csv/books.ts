/**
 * Loads a CSV file into SQLite. The producer only finds where rows end; the consumers parse them. The fifth row is bad on
 * purpose: it becomes a dead letter, and the others are loaded.
 *
 *     millrace run examples/csv/books.ts
 *     millrace dead ls books
 */
import { fileURLToPath } from 'node:url';
import { definePipeline, from, to } from 'millrace';

export default definePipeline({
  name: 'books',
  source: from.csv({
    path: fileURLToPath(new URL('books.csv', import.meta.url)),
    header: true,
    types: { id: 'integer', price: 'number', published: 'date' },
  }),
  process: (book) => ({ ...book, isOld: book.published !== null && book.published < '1850' ? 1 : 0 }),
  sink: to.sqlite({ file: 'books.db', table: 'books', key: 'id' }),
});
