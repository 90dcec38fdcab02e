import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configError } from '../core/errors.ts';
import type { Environment } from './environment.ts';
import type { Settings } from './schema.ts';

export interface StateDirectoryRequest {
  settings: Pick<Settings, 'state' | 'stateRoot'>;
  environment: Environment;
  /** The pipeline's name. */
  name: string;
  /** The current folder. */
  folder: string;
}

/**
 * The folder of the queue, absolute: what `state` says; else the pipeline's own folder in `stateRoot`; else the first of
 * systemd's `$STATE_DIRECTORY`, which a unit has for itself; else `.millrace/<name>` in the current folder. Throws a
 * MillraceError (exit 78) for a folder that cannot be used.
 */
export function stateDirectory(request: StateDirectoryRequest): string {
  const { settings, environment, name, folder } = request;
  if (settings.state === null && settings.stateRoot !== null)
    return ownFolder(resolve(folder, settings.stateRoot), name);
  const fromSystemd = environment['STATE_DIRECTORY']?.split(':')[0];
  return checked(resolve(folder, settings.state ?? (fromSystemd || join('.millrace', name))));
}

function ownFolder(root: string, name: string): string {
  const own = checked(join(root, name));
  // The root was used for a single pipeline before. A second queue would run its items twice.
  if (existsSync(join(root, 'queue.db')) && !existsSync(join(own, 'queue.db'))) {
    throw configError(
      'STATE_ROOT',
      `${root} itself holds a queue, but each pipeline needs its own folder in it. To continue with that queue, ` +
        `use --state ${root} (or MILLRACE_STATE=${root}). To use the folder for several pipelines, move the queue's files to ${own} while nothing runs`,
    );
  }
  return own;
}

// SQLite allows 512 for a file, including its log; copies of the queue have longer names.
const longestBytes = 450;

function checked(directory: string): string {
  const bytes = Buffer.byteLength(directory);
  if (bytes <= longestBytes) return directory;
  throw configError(
    'STATE_PATH',
    `the path of a state directory may have at most ${longestBytes} bytes, because SQLite accepts no longer ones: ${directory} has ${bytes}. Choose a shorter path with --state`,
  );
}

/** Where the control socket of a state directory is. */
export function controlSocketPath(directory: string): string {
  return join(directory, 'control.sock');
}
