/**
 * The built-in sinks, which a pipeline file writes as `to.…`. Nothing heavy is imported here; a sink loads its library
 * when it is opened.
 */
import { all } from '../sinks/all.ts';
import { discard } from '../sinks/discard.ts';
import { memory } from '../sinks/memory.ts';
import { results } from '../sinks/results.ts';
import { sqlite } from '../sinks/sqlite.ts';
import { stdout } from '../sinks/stdout.ts';

export const to = { all, discard, memory, results, sqlite, stdout } as const;
