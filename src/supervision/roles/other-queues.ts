import type { OtherQueues as Message } from '../../ipc/messages.ts';
import type { QueueStart } from '../../core/queue-start.ts';
import type { Hub } from '../hub.ts';

/**
 * Reports, once each, other queues that have written results of a pipeline with this name into its sink. Each of them
 * reads the whole source, so the sink then has its results more than once.
 */
export class OtherQueues {
  readonly #events: Hub['events'];
  readonly #start: QueueStart;
  readonly #reported = new Set<string>();

  constructor(events: Hub['events'], start: QueueStart) {
    this.#events = events;
    this.#start = start;
  }

  /** A consumer reports the queues that it found in its sink. */
  found(others: Message['others']): void {
    const start = this.#start;
    for (const { queue, directory } of others) {
      if (this.#reported.has(queue)) continue;
      this.#reported.add(queue);
      const isHere = directory === start.directory;
      this.#events.emit('sink.otherQueue', {
        queue,
        directory,
        thisQueue: start.queue,
        thisDirectory: start.directory,
        isHere,
      });
    }
  }
}
