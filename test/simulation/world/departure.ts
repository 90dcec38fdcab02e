import type { FromConsumer, FromProducer, ToConsumer, ToProducer } from '../../../src/ipc/messages.ts';
import type { Queue } from '../../../src/queue/queue.ts';
import type { QueueStats } from '../../../src/queue/queue-stats.ts';
import type { Plan } from './plan.ts';
import type { SinkRules } from './server-sink.ts';

/**
 * A departure from PROTOCOL's rules: what is done otherwise, at the entrances of the product. To see whether the claims
 * are checked so that it is found.
 */
export interface Departure {
  /** Makes of any world one in which the departure matters often. */
  focus?: (plan: Plan) => Plan;
  toProducer?: (message: ToProducer) => ToProducer;
  toConsumer?: (message: ToConsumer) => ToConsumer;
  fromProducer?: (message: FromProducer, source: SourceSeen) => FromProducer;
  fromConsumer?: (message: FromConsumer) => FromConsumer;
  /** The queue that the supervisor is given, and the numbers that are true of it. */
  queue?: typeof Queue;
  statsOf?: (queue: Queue) => QueueStats;
  /** A killer's consumer is taken to have said that the sink does not have it. */
  condemnsUnasked?: true;
  /** A consumer that is told to stop is taken to have given back all that it was lent. */
  releasesForIt?: true;
  sink?: Partial<SinkRules>;
  /** Children of a predecessor are not looked for. */
  leavesOrphans?: true;
  /** Commits are on the disk only when the next one is. */
  commitsLate?: true;
  /** The sink says that a commit is on its disk when it is not. */
  sinkIsNotSynced?: true;
}

/** Where a source stands when a message is sent: it may have begun to get the next item. */
export interface SourceSeen {
  cursor: number | undefined;
  /** Items begun since that cursor, or since the source's start. */
  count: number;
}
