/**
 * Loads a file of JSON lines into SQLite. Ids beyond 2^53 keep all of their digits. The third line lacks a brace on
 * purpose: it becomes a dead letter, and the others are loaded.
 *
 *     millrace run examples/ndjson/events.ts
 *     millrace dead ls events
 */
import { fileURLToPath } from 'node:url';
import { definePipeline, from, to } from 'millrace';

interface Event {
  id: string;
  kind: string;
  user: { name: string; country: string };
}

export default definePipeline({
  name: 'events',
  source: from.ndjson<Event>({ path: fileURLToPath(new URL('events.ndjson', import.meta.url)) }),
  process: ({ id, kind, user }) => ({ id, kind, name: user.name, country: user.country }),
  sink: to.sqlite({ file: 'events.db', table: 'events', key: 'id' }),
});
