/** The request for a start, the parts that it needs from its caller, and how it ends. */
import type { Clock } from '../../core/clock.ts';
import type { ExitCode } from '../../core/exit-codes.ts';
import type { GivenParams } from '../../core/params.ts';
import type { PipelineDescription, Problem } from '../../ipc/messages.ts';
import type { Limits } from '../../limits/limits.ts';
import type { EventBus } from '../../observability/events.ts';
import type { QueuePlace, WholeSpool } from '../../queue/place.ts';
import type { RunRecord } from '../../queue/store.ts';
import type { Marks } from '../../queue/throttle.ts';
import type { CrewOptions } from '../posts/crew.ts';
import type { ConsumerDeps } from '../roles/consuming.ts';
import type { UnreadResults } from '../roles/unread-results.ts';
import type { ServiceSettings } from '../settings.ts';
import type { Service } from '../tick/service.ts';
import type { OpeningOptions } from './opening.ts';

export interface StartRequest {
  /** The pipeline file, absolute. */
  file: string;
  fresh: boolean;
  again: boolean;
  moved: boolean;
  sameSource: boolean;
  confirmFresh: OpeningOptions['confirmFresh'];
}

/** What follows from the pipeline and the configuration together. */
export interface Plan {
  settings: ServiceSettings;
  marks: Marks;
  queueMemoryBytes: number;
  stateDirectory: string;
  limits: Limits;
  params: GivenParams;
}

/** Parts of a service that its caller needs. */
export interface ServiceParts {
  plan: Plan;
  spool: WholeSpool;
  results: UnreadResults | undefined;
}

export interface StartDeps {
  clock: Clock;
  random: () => number;
  events: EventBus;
  crew: Omit<CrewOptions, 'clock'>;
  readyTimeoutMs: number;
  /** Checks the configuration against what the pipeline says. May throw: exit 78. */
  plan: (pipeline: PipelineDescription) => Plan;
  /** Where the queue is kept. */
  placeOf: (plan: Plan) => QueuePlace;
  formatProblems: (problems: readonly Problem[]) => string;
  writeOut: ConsumerDeps['writeOut'];
  /** How the program reads results; undefined if no program does. Only for the sink `to.results()`. */
  results: { isOrdered: boolean } | undefined;
  /** The service is about to run: display and control can start. The returned function is awaited at the end. */
  onService: (service: Service, parts: ServiceParts) => Promise<() => Promise<void>>;
  /** Calls its listener whenever the service is asked to stop, also for requests that came before. */
  stopRequests: { listen: (listener: (reason: string) => void) => void };
}

/** How a start has ended. */
export interface Ended {
  exitCode: ExitCode;
  /** Whether the run finished, and was not only stopped. */
  isFinished: boolean;
  /** The run as the queue recorded it last; undefined if the start was stopped before it had opened the queue. */
  run: Readonly<RunRecord> | undefined;
}
