import type { FromConsumer, FromProducer, ToConsumer, ToProducer } from '../../ipc/messages.ts';
import { parse } from '../../ipc/parse.ts';
import { startChild, type Child, type StartOptions } from './child.ts';

type ProducerChild = Child<FromProducer, ToProducer>;
type ConsumerChild = Child<FromConsumer, ToConsumer>;

export type CrewOptions = Pick<StartOptions<never>, 'clock' | 'prefix' | 'env' | 'cwd' | 'onOutput'> & {
  entries: { producer: string; consumer: string };
};

/**
 * Starts the child processes. The producer and one consumer are started before anything else is known, because booting
 * takes most of the time to the first item; they wait here for their posts.
 */
export class Crew {
  readonly #options: CrewOptions;
  #producer: ProducerChild | undefined;
  #consumer: ConsumerChild | undefined;

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Starts the producer and the first consumer. */
  boot(): ProducerChild {
    this.#producer = this.startProducer();
    this.#consumer = this.startConsumer(1);
    return this.#producer;
  }

  /** Another producer in place of the one that should have described the pipeline. */
  replaceProducer(): ProducerChild {
    this.#producer = this.startProducer();
    return this.#producer;
  }

  /** The producer that has described the pipeline. */
  describedProducer(): ProducerChild {
    const child = this.#producer ?? this.startProducer();
    this.#producer = undefined;
    return child;
  }

  /** The first process for a consumer's post: the one that runs already, or a new one. */
  firstConsumer(ordinal: number): ConsumerChild {
    if (ordinal !== 1 || !this.#consumer) return this.startConsumer(ordinal);
    const child = this.#consumer;
    this.#consumer = undefined;
    return child;
  }

  /** The producer is not needed. */
  dismissProducer(): void {
    this.#producer?.kill('not needed');
    this.#producer = undefined;
  }

  /** No process is needed. */
  dismiss(): void {
    this.dismissProducer();
    this.#consumer?.kill('not needed');
    this.#consumer = undefined;
  }

  startProducer(): ProducerChild {
    const { entries, ...options } = this.#options;
    return startChild({ ...options, role: 'producer', ordinal: 0, entry: entries.producer, parse: parse.fromProducer });
  }

  startConsumer(ordinal: number): ConsumerChild {
    const { entries, ...options } = this.#options;
    return startChild({ ...options, role: 'consumer', ordinal, entry: entries.consumer, parse: parse.fromConsumer });
  }
}
