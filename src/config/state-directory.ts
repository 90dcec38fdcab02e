import { join, resolve } from 'node:path';
import { configError } from '../core/errors.ts';
import type { Environment } from './environment.ts';
import type { Settings } from './schema.ts';

export interface StateDirectoryRequest {
  settings: Pick<Settings, 'state'>;
  environment: Environment;
  /** The pipeline's name. */
  name: string;
  /** The current folder. */
  folder: string;
}

/**
 * The folder of the queue, absolute: what `state` says, else the first of systemd's `$STATE_DIRECTORY`, else
 * `.millrace/<name>` in the current folder. Throws a MillraceError (exit 78) if its control socket could not be opened.
 */
export function stateDirectory({ settings, environment, name, folder }: StateDirectoryRequest): string {
  const fromSystemd = environment['STATE_DIRECTORY']?.split(':')[0];
  const directory = resolve(folder, settings.state ?? (fromSystemd || join('.millrace', name)));
  controlSocketPath(directory);
  return directory;
}

// The kernel's, without the closing NUL. Node would cut a longer path and open another socket.
const maxSocketPathBytes = process.platform === 'darwin' ? 103 : 107;

/** Where the control socket of a state directory is. Throws a MillraceError (exit 78) if that is too long for a socket. */
export function controlSocketPath(directory: string): string {
  const path = join(directory, 'control.sock');
  const bytes = Buffer.byteLength(path);
  if (bytes <= maxSocketPathBytes) return path;
  throw configError(
    'STATE_PATH',
    `the path of the control socket may have at most ${maxSocketPathBytes} bytes, ${path} has ${bytes}: ` +
      'name a folder with a shorter path by --state',
  );
}
