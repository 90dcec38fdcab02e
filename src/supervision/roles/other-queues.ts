import type { OtherQueues as Message } from '../../ipc/messages.ts';
import type { Hub } from '../hub.ts';

/**
 * Reports, once for each, other queues that have written the results of a pipeline of this name into its sink. Each of
 * them reads the whole source: the sink then has its results more than once.
 */
export class OtherQueues {
  readonly #hub: Pick<Hub, 'events' | 'start'>;
  readonly #told = new Set<string>();

  constructor(hub: Pick<Hub, 'events' | 'start'>) {
    this.#hub = hub;
  }

  /** A consumer reports the queues that it found in its sink. */
  found(others: Message['others']): void {
    const { events, start } = this.#hub;
    for (const { queue, directory } of others) {
      if (this.#told.has(queue)) continue;
      this.#told.add(queue);
      const isHere = directory === start.directory;
      events.emit('sink.otherQueue', {
        queue,
        directory,
        thisQueue: start.queue,
        thisDirectory: start.directory,
        isHere,
      });
    }
  }
}
