import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A directory for translated pipeline files and compiled code. It must belong to this user alone, because its files are
 * executed. Undefined if it cannot be created or belongs to another user; then nothing is kept.
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
