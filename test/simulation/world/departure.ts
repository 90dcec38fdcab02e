import type { FromConsumer, FromProducer, ToConsumer, ToProducer } from '../../../src/ipc/messages.ts';
import type { Queue } from '../../../src/queue/queue.ts';
import type { QueueStats } from '../../../src/queue/queue-stats.ts';
import type { Plan } from './plan.ts';
import type { SinkRules } from './server-sink.ts';

/**
 * A departure from PROTOCOL's rules: a different behaviour at an entry point of the product. It shows whether the
 * checks of the claims find it.
 */
export interface Departure {
  /** Turns any world into one in which the departure often matters. */
  focus?: (plan: Plan) => Plan;
  toProducer?: (message: ToProducer) => ToProducer;
  toConsumer?: (message: ToConsumer) => ToConsumer;
  fromProducer?: (message: FromProducer, source: SourceSeen) => FromProducer;
  fromConsumer?: (message: FromConsumer) => FromConsumer;
  /** The queue that the supervisor uses, and its true numbers. */
  queue?: typeof Queue;
  statsOf?: (queue: Queue) => QueueStats;
  /** The supervisor assumes that a killer's consumer has said that the sink does not have the item. */
  condemnsUnasked?: true;
  /** The supervisor assumes that a consumer that it stops has given back all of its items. */
  releasesForIt?: true;
  sink?: Partial<SinkRules>;
  /** A consumer opens only the first of several sinks. */
  opensFirstSinkOnly?: true;
  /** No supervisor searches for the children of a predecessor. */
  leavesOrphans?: true;
  /** A commit reaches the disk only with the next one. */
  commitsLate?: true;
  /** The sink reports that a commit is on its disk even though it is not. */
  sinkIsNotSynced?: true;
}

/** Where a source is when a message is sent: it may have begun to read the next item. */
export interface SourceSeen {
  cursor: number | undefined;
  /** How many items it has begun since that cursor, or since its start. */
  count: number;
}
