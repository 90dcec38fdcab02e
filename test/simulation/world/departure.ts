import type { FromConsumer, FromProducer, ToConsumer, ToProducer } from '../../../src/ipc/messages.ts';
import type { Queue } from '../../../src/queue/queue.ts';
import type { SinkRules } from './server-sink.ts';

/**
 * A departure from PROTOCOL's rules: what is done otherwise, at the entrances of the product. To see whether the claims
 * are checked so that it is found.
 */
export interface Departure {
  toProducer?: (message: ToProducer) => ToProducer;
  toConsumer?: (message: ToConsumer) => ToConsumer;
  fromProducer?: (message: FromProducer, source: SourceSeen) => FromProducer;
  fromConsumer?: (message: FromConsumer) => FromConsumer;
  /** The queue that the supervisor is given. */
  queue?: typeof Queue;
  sink?: Partial<SinkRules>;
  /** Children of a predecessor are not looked for. */
  leavesOrphans?: true;
  /** Commits are on the disk only when the next one is. */
  commitsLate?: true;
  /** The sink says that a commit is on its disk when it is not. */
  sinkIsNotSynced?: true;
}

/** What a producer's source has done, at the moment when a message is sent. */
export interface SourceSeen {
  cursor: number | undefined;
  /** Items yielded since that cursor, or since the source's start. */
  count: number;
}
