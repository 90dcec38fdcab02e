import { configError } from '../core/errors.ts';
import type { QueueStart } from '../core/queue-start.ts';

/** The start of a queue that last changed a sink. */
export interface SeenStart {
  generation: number;
  id: string;
}

/**
 * Throws a configuration error (exit 78) if `seen` is a start that this queue has never had: then the queue was restored
 * from a copy, or a copy of it is in use, and it would give its seqs to other items than the ledger knows.
 * A start before those that are known is taken for one that it has had: a copy would have to be started that often
 * without ever writing to its sink.
 */
export function refuseOlderQueue({ generation, ids }: QueueStart, seen: SeenStart): void {
  const ago = generation - seen.generation;
  if (ago >= ids.length || ids[ago] === seen.id) return;
  throw configError(
    'SINK_NEWER',
    `this queue is older than what the sink has seen: it is at its start ${generation}, and the sink was last written by a ` +
      `start ${seen.generation} that it knows nothing of. It was probably restored from a copy, or a copy of it is in use: ` +
      'restore queue and sink as of the same moment, or start over with --fresh.',
  );
}
