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
  /** The current directory. */
  cwd: string;
}

/**
 * The absolute path of the queue's directory: the option `state`; otherwise the pipeline's own directory in `stateRoot`;
 * otherwise the first directory in systemd's `$STATE_DIRECTORY`, which belongs to the unit; otherwise `.millrace/<name>` in
 * the current directory. Throws a MillraceError (exit 78) for a directory that cannot be used.
 */
export function stateDirectory(request: StateDirectoryRequest): string {
  const { settings, environment, name, cwd } = request;
  if (settings.state === null && settings.stateRoot !== null)
    return ownDirectory(resolve(cwd, settings.stateRoot), name);
  const fromSystemd = environment['STATE_DIRECTORY']?.split(':')[0];
  return checked(resolve(cwd, settings.state ?? (fromSystemd || join('.millrace', name))));
}

function ownDirectory(root: string, name: string): string {
  const own = checked(join(root, name));
  // The root was used for a single pipeline before. A second queue would run the same items again.
  if (existsSync(join(root, 'queue.db')) && !existsSync(join(own, 'queue.db'))) {
    throw configError(
      'STATE_ROOT',
      `${root} itself holds a queue, but each pipeline needs its own directory inside it. To continue with that queue, ` +
        `use --state ${root} (or MILLRACE_STATE=${root}). To use the directory for several pipelines, move the queue's files to ${own} while nothing runs`,
    );
  }
  return own;
}

// SQLite allows 512 bytes for a file, including its log; copies of the queue have longer names.
const longestBytes = 450;

function checked(directory: string): string {
  const bytes = Buffer.byteLength(directory);
  if (bytes <= longestBytes) return directory;
  throw configError(
    'STATE_PATH',
    `the path of a state directory may have at most ${longestBytes} bytes, because SQLite accepts no longer path: ${directory} has ${bytes}. Choose a shorter path with --state`,
  );
}

/** The path of the control socket in a state directory. */
export function controlSocketPath(directory: string): string {
  return join(directory, 'control.sock');
}
