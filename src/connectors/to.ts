/**
 * The built-in sinks, which a pipeline file writes as `to.…`. Nothing heavy is imported here; a sink loads its library
 * when it is opened.
 */
import { all } from '../sinks/all.ts';
import { discard } from './discard/sink.ts';
import { memory } from './memory/sink.ts';
import { results } from './results/sink.ts';
import { sqlite } from './sqlite/sink.ts';
import { stdout } from './stdout/sink.ts';

export const to = { all, discard, memory, results, sqlite, stdout } as const;
