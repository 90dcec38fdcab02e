import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { controlSocketPath, stateDirectory } from '../config/state-directory.ts';
import { usageError } from '../core/errors.ts';
import { show } from '../core/show.ts';
import { isPipelineName } from '../pipeline/name.ts';
import { lockHolders } from '../queue/spool/lock-holders.ts';
import { isHolderRecorded } from '../queue/spool/holder.ts';
import type { CommandLine } from './command.ts';
import { nameInFile } from './name-in-file.ts';
import type { Shell } from './shell.ts';
import { readText } from '../core/read-text.ts';

/** Where a pipeline keeps its state, and its name if that was asked for. */
export interface FoundState {
  directory: string;
  socketPath: string;
  name: string | undefined;
}

/**
 * The state directory that the command line selects: the one from `--state` or MILLRACE_STATE; otherwise that of the
 * named pipeline (by name or file); otherwise the only one in `--state-root` (MILLRACE_STATE_ROOT) or below the current
 * directory. With `prefersRunning`, if there are several, the only one whose pipeline is running here. Throws a usage
 * error if this does not select exactly one.
 */
export function findState(
  { operand, flags }: CommandLine,
  { environment, cwd }: Shell,
  { prefersRunning }: { prefersRunning: boolean } = { prefersRunning: false },
): FoundState {
  const name = operand === undefined ? undefined : nameOf(operand, cwd);
  const given = (flag: string, variable: string): string | null => {
    const value = flags[flag] ?? environment[variable];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const state = given('state', 'MILLRACE_STATE');
  const stateRoot = given('state-root', 'MILLRACE_STATE_ROOT');
  if (state !== null || name !== undefined || (stateRoot === null && environment['STATE_DIRECTORY'])) {
    return found(stateDirectory({ settings: { state, stateRoot }, environment, name: name ?? '', cwd }), name);
  }
  const all = resolve(cwd, stateRoot ?? '.millrace');
  const existing = directoriesIn(all);
  const running = prefersRunning ? runningIn(all, existing) : [];
  const names = running.length === 1 ? running : existing;
  if (names.length === 1) return found(join(all, names[0]!), undefined);
  throw usageError(
    names.length === 0
      ? `expected the name of a pipeline, or its state directory with --state; there is none in ${all}`
      : `expected the name of a pipeline, because there are several in ${all}: ${names.join(', ')}`,
  );
}

/**
 * The directories that a supervisor uses. A killed supervisor is still on record. In a container that shares the
 * directory with other containers, the kernel shows only the locks of this container's own processes.
 */
function runningIn(directory: string, names: readonly string[]): readonly string[] {
  const fileOf = (name: string): string => join(directory, name, 'queue.db');
  const recorded = names.filter((name) => isHolderRecorded(fileOf(name)));
  if (recorded.length === 1) return recorded;
  return recorded.filter((name) => lockHolders(fileOf(name)).some(({ isWriter, pid }) => isWriter && pid > 0));
}

function found(directory: string, name: string | undefined): FoundState {
  return { directory, socketPath: controlSocketPath(directory), name };
}

/** No user code runs for this: asking for the state of a pipeline must not start anything. */
function nameOf(operand: string, cwd: string): string {
  if (isPipelineName(operand)) return operand;
  const text = readText(resolve(cwd, operand));
  if (text === undefined) throw usageError(`expected the name of a pipeline or its file, got ${show(operand)}`);
  const name = nameInFile(text);
  if (name !== undefined && isPipelineName(name)) return name;
  throw usageError(
    `cannot find the pipeline's name in ${operand}, because it is not a literal; give the name instead of the file`,
  );
}

function directoriesIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && isPipelineName(entry.name))
      .map(({ name }) => name)
      .toSorted();
  } catch {
    // The directory does not exist: nothing has run here.
    return [];
  }
}
