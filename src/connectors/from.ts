/**
 * The built-in sources, which a pipeline file writes as `from.…`. Any iterable or generator function is a source as
 * well.
 */
import { csv } from './csv/source.ts';
import { ndjson } from './ndjson/source.ts';
import { poll } from './poll/source.ts';
import { sqlite } from './sqlite/source.ts';

export const from = { csv, ndjson, poll, sqlite } as const;
