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
 * The state directory that is meant: what `--state` says, or MILLRACE_STATE; else that of the pipeline that is named, by
 * its name or its file; else the only one there is, in `--state-root` (MILLRACE_STATE_ROOT) or below the current folder.
 * With `prefersRunning`, of several the only one that runs here. Throws a usage error if that is not one.
 */
export function findState(
  { operand, flags }: CommandLine,
  { environment, folder }: Shell,
  { prefersRunning }: { prefersRunning: boolean } = { prefersRunning: false },
): FoundState {
  const name = operand === undefined ? undefined : nameOf(operand, folder);
  const given = (flag: string, variable: string): string | null => {
    const value = flags[flag] ?? environment[variable];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const state = given('state', 'MILLRACE_STATE');
  const stateRoot = given('state-root', 'MILLRACE_STATE_ROOT');
  if (state !== null || name !== undefined || (stateRoot === null && environment['STATE_DIRECTORY'])) {
    return found(stateDirectory({ settings: { state, stateRoot }, environment, name: name ?? '', folder }), name);
  }
  const all = resolve(folder, stateRoot ?? '.millrace');
  const existing = directoriesIn(all);
  const running = prefersRunning ? runningIn(all, existing) : [];
  const names = running.length === 1 ? running : existing;
  if (names.length === 1) return found(join(all, names[0]!), undefined);
  throw usageError(
    names.length === 0
      ? `expected the name of a pipeline, or its state directory by --state: there is none in ${all}`
      : `expected the name of a pipeline, as there are several in ${all}: ${names.join(', ')}`,
  );
}

/**
 * Those of the folders that a supervisor has. A supervisor that was killed is still on record; and in a container that
 * shares the folder with other containers the kernel shows only the locks of this container's own processes.
 */
function runningIn(folder: string, names: readonly string[]): readonly string[] {
  const fileOf = (name: string): string => join(folder, name, 'queue.db');
  const recorded = names.filter((name) => isHolderRecorded(fileOf(name)));
  if (recorded.length === 1) return recorded;
  return recorded.filter((name) => lockHolders(fileOf(name)).some(({ isWriter, pid }) => isWriter && pid > 0));
}

function found(directory: string, name: string | undefined): FoundState {
  return { directory, socketPath: controlSocketPath(directory), name };
}

/** Nothing of a user's is run for this: asking how a pipeline is doing must not start anything. */
function nameOf(operand: string, folder: string): string {
  if (isPipelineName(operand)) return operand;
  const text = readText(resolve(folder, operand));
  if (text === undefined) throw usageError(`expected the name of a pipeline or its file, got ${show(operand)}`);
  const name = nameInFile(text);
  if (name !== undefined && isPipelineName(name)) return name;
  throw usageError(`the name of the pipeline in ${operand} is not written there as a text: give the name itself`);
}

function directoriesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && isPipelineName(entry.name))
      .map(({ name }) => name)
      .toSorted();
  } catch {
    // No such folder: nothing has run here.
    return [];
  }
}
