import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder for translated pipeline files and compiled code that belongs to this user alone: what lies in it is executed. undefined if
 * there can be none, or if another user has made one by that name; then nothing is kept.
 */
export function userCacheDirectory(parent: string = tmpdir()): string | undefined {
  // Not in the state directory, which is known only after the pipeline has been loaded; not in the home, which a service may lack.
  const directory = join(parent, `millrace-${process.getuid?.() ?? 'cache'}`);
  try {
    mkdirSync(directory, { mode: 0o700, recursive: true });
    const found = lstatSync(directory);
    const isOurs = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
    return isOurs ? directory : undefined;
  } catch {
    // Read-only or full: slower, but no reason to stop.
    return undefined;
  }
}
