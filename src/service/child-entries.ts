import { createRequire } from 'node:module';
import { configError } from '../core/errors.ts';

/** The files that child processes run. */
export interface ChildEntries {
  producer: string;
  consumer: string;
}

/**
 * Finds them through the exports of the package `millrace`: in a user's bundle, the files next to the bundle are not
 * ours. The package is looked up from each of these files in turn.
 */
export function findChildEntries(from: readonly (string | undefined)[]): ChildEntries {
  for (const file of from) {
    if (file === undefined) continue;
    try {
      const { resolve } = createRequire(file);
      return { producer: resolve('millrace/producer'), consumer: resolve('millrace/consumer') };
    } catch {
      // Not installed for this file: perhaps for the next one.
    }
  }
  throw configError(
    'NOT_INSTALLED',
    'the package millrace was not found. Child processes run files of it, so a bundle cannot replace it: ' +
      'install millrace next to the pipeline file or to this program, and leave it out of the bundle',
  );
}
