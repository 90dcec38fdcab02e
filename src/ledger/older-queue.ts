import { configError } from '../core/errors.ts';
import type { QueueStart } from '../core/queue-start.ts';

/** The start of a queue that last changed a sink. */
export interface SeenStart {
  generation: number;
  id: string;
}

/**
 * Throws a configuration error (exit 78) if `seen` is a start that this queue has never had: then the queue was
 * restored from a copy, or a copy of it is in use, and it would give its seqs to other items than the ledger knows. A
 * start that is older than all known ones is assumed to be one of this queue: a copy would have to be started that many
 * times without ever writing to its sink.
 */
export function refuseOlderQueue({ generation, ids }: QueueStart, seen: SeenStart): void {
  const ago = generation - seen.generation;
  if (ago >= ids.length || ids[ago] === seen.id) return;
  throw configError(
    'SINK_NEWER',
    `this queue is older than the sink's record of it: this is start ${generation}, and the sink was last written by ` +
      `start ${seen.generation}, which the queue does not know. It was probably restored from a copy, or a copy of it is in use: ` +
      'restore the queue and the sink as of the same moment, or start over with --fresh.',
  );
}
