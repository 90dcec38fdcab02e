/**
 * From a pipeline file to a running service: describe, open, take over from a predecessor, serve, close.
 */
import type { Clock } from '../../core/clock.ts';
import { configError } from '../../core/errors.ts';
import { exitCodes, type ExitCode } from '../../core/exit-codes.ts';
import type { GivenParams } from '../../core/params.ts';
import type { PipelineDescription, Problem } from '../../ipc/messages.ts';
import type { Limits } from '../../limits/limits.ts';
import type { EventBus } from '../../observability/events.ts';
import { freeSpace } from '../../queue/spool/free-space.ts';
import type { StartEnd } from '../../queue/spool/last-start.ts';
import { Queue } from '../../queue/queue.ts';
import { Reserve } from '../../queue/spool/reserve.ts';
import type { Marks } from '../../queue/throttle.ts';
import type { Spool } from '../../queue/spool/spool.ts';
import { openingFailure } from '../../queue/spool/failure.ts';
import { StoreFull, type RunRecord } from '../../queue/store.ts';
import { blameForKilledSupervisors } from '../blame/blaming.ts';
import { Crew, type CrewOptions } from '../posts/crew.ts';
import { describePipeline } from '../posts/describe.ts';
import { identify, membersOf } from '../posts/identity.ts';
import { openRun, type OpeningOptions } from './opening.ts';
import { UnreadResults } from '../roles/unread-results.ts';
import { killGroup } from '../posts/kill.ts';
import { killOrphans } from './orphans.ts';
import type { ConsumerDeps } from '../roles/consuming.ts';
import type { Outcome } from '../tick/ending.ts';
import { Service } from '../tick/service.ts';
import type { ServiceSettings } from '../settings.ts';

/** How often a producer that was killed while it loaded the pipeline is replaced. */
const describeTries = 3;

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
  spool: Spool;
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
  formatProblems: (problems: readonly Problem[]) => string;
  writeOut: ConsumerDeps['writeOut'];
  /** How the program reads results; undefined if no program does. Only for the sink `to.results()`. */
  results: { isOrdered: boolean } | undefined;
  /** The service is about to run: display and control can start. The returned function is awaited at the end. */
  onService: (service: Service, parts: ServiceParts) => Promise<() => Promise<void>>;
  /** Calls its listener whenever the service is asked to stop, also for requests that came before. */
  stopRequests: { listen: (listener: (reason: string) => void) => void };
}

/**
 * Runs the pipeline to its end, or until it is stopped. With `again`, an open run is finished first and a new one
 * follows it. Resolves to how the last run that began has ended, with the worse exit code of two. Rejects with errors
 * that should be shown.
 */
export async function start(request: StartRequest, deps: StartDeps): Promise<Ended> {
  const first = await startOne(request, deps);
  if (!first.owesAnother) return first;
  let second: OneEnded | undefined;
  if (request.again && first.isFinished) {
    // The declarations applied to the previous run. If a stop was requested meanwhile, this run ends before it begins.
    second = await startOne({ ...request, moved: false, sameSource: false }, deps);
  }
  if (!second?.hasBegun) deps.events.emit('run.owed', { isFinished: first.isFinished });
  if (!second) return first;
  const exitCode = second.exitCode === exitCodes.ok ? first.exitCode : second.exitCode;
  return { ...(second.hasBegun ? second : { ...first, isFinished: false }), exitCode };
}

/** How a start has ended. */
export interface Ended {
  exitCode: ExitCode;
  /** Whether the run finished, and was not only stopped. */
  isFinished: boolean;
  /** The run as the queue recorded it last; undefined if the start was stopped before it had opened the queue. */
  run: Readonly<RunRecord> | undefined;
}

interface OneEnded extends Ended {
  /** Whether a service ran: the start was not stopped before. */
  hasBegun: boolean;
  /** Whether a new run must follow it. */
  owesAnother: boolean;
}

async function startOne(request: StartRequest, deps: StartDeps): Promise<OneEnded> {
  const crew = new Crew({ ...deps.crew, clock: deps.clock });
  const stop = new AbortController();
  // Until there is a service to stop, a stop only ends the start.
  deps.stopRequests.listen(() => {
    stop.abort();
    crew.dismiss();
  });
  const stopped = stop.signal;
  try {
    const pipeline = await describe(crew, request.file, deps, stopped);
    if (!pipeline) return stoppedEarly;
    const plan = deps.plan(pipeline);
    const opening = await openRun({
      stateDirectory: plan.stateDirectory,
      durability: plan.settings.durability,
      redact: plan.settings.redact,
      pipelineFile: request.file,
      pipeline,
      params: plan.params,
      fresh: request.fresh,
      again: request.again,
      moved: request.moved,
      sameSource: request.sameSource,
      confirmFresh: request.confirmFresh,
      killOrphans: (writers) => killOrphans(writers, { ...deps, identify, membersOf, kill: killGroup, stopped }),
      stopped,
      clock: deps.clock,
      events: deps.events,
    });
    if (opening.status === 'stopped') return stoppedEarly;
    const { spool, run, owesAnother } = opening;
    if (opening.status === 'finished') {
      spool.close('unused');
      const exitCode = (run.exitCode ?? exitCodes.ok) as ExitCode;
      deps.events.emit('run.alreadyFinished', { run: run.run, finishedAt: run.finishedAt ?? 0, exitCode });
      return { exitCode, hasBegun: false, isFinished: true, owesAnother, run };
    }
    const { isNew, previous } = opening;
    const served = await serve({ request, deps, crew, pipeline, plan, spool, run, isNew, previous, stopped });
    return { ...served, owesAnother };
  } catch (error) {
    // A running service waits for space; a start cannot.
    throw error instanceof StoreFull ? openingFailure(error, request.file) : error;
  } finally {
    crew.dismiss();
  }
}

/** Before the queue was opened. */
const stoppedEarly: OneEnded = {
  exitCode: exitCodes.ok,
  hasBegun: false,
  isFinished: false,
  owesAnother: false,
  run: undefined,
};

async function describe(
  crew: Crew,
  file: string,
  deps: StartDeps,
  stopped: AbortSignal,
): Promise<PipelineDescription | undefined> {
  const { clock, readyTimeoutMs, formatProblems } = deps;
  let child = crew.boot();
  for (let attempt = 1; ; attempt++) {
    const description = await describePipeline(child, {
      file,
      clock,
      deadlineMs: readyTimeoutMs,
      onOther: () => undefined,
    });
    if (stopped.aborted) return undefined;
    if (description.status === 'described') return description.pipeline;
    if (description.status === 'wrong') throw configError('PIPELINE', formatProblems(description.problems));
    if (!description.wasKilled || attempt === describeTries) throw configError('PIPELINE', description.reason);
    child = crew.replaceProducer();
  }
}

interface Serving {
  request: StartRequest;
  deps: StartDeps;
  crew: Crew;
  pipeline: PipelineDescription;
  plan: Plan;
  spool: Spool;
  run: RunRecord;
  isNew: boolean;
  previous: string | null;
  /** Aborts when it is asked to stop before there is a service. */
  stopped: AbortSignal;
}

async function serve(serving: Serving): Promise<Omit<OneEnded, 'owesAnother'>> {
  const { request, deps, crew, pipeline, plan, spool, run, isNew, previous, stopped } = serving;
  const { clock, random, events } = deps;
  const { settings, marks, limits, stateDirectory } = plan;
  let isUsable = true;
  let how: Parameters<Spool['close']>[0] = 'unused';
  try {
    await killOrphans(spool.writers, { clock, events, identify, membersOf, kill: killGroup, stopped });
    if (stopped.aborted) return { exitCode: exitCodes.ok, hasBegun: false, isFinished: false, run };
    spool.writers.forgetOthers(run.run);
    // Freezes and rates hold over restarts.
    limits.restore(spool.store.limits(), clock.now(), clock.wall(), { wasKilled: !spool.wasClean });
    const queue = new Queue(spool.store, run, { windowBytes: plan.queueMemoryBytes });
    const state = isNew ? 'new' : 'resumed';
    events.emit('run.started', {
      run: run.run,
      name: pipeline.name,
      state,
      open: queue.stats.open,
      params: run.params,
      stateDirectory,
    });
    const results =
      deps.results && pipeline.sink.kind === 'results'
        ? new UnreadResults({
            queue,
            isOrdered: deps.results.isOrdered,
            mostBytes: settings.consumerCreditBytes,
            retrying: spool.store.readRetrySeqs(Number.MAX_SAFE_INTEGER),
          })
        : undefined;
    blameForKilledSupervisors({ queue, events, clock, random, settings, results }, spool.predecessors);
    const service = new Service({
      hub: {
        clock,
        random,
        events,
        settings,
        pipeline: { name: pipeline.name, file: request.file, sinkHasLedger: pipeline.sink.delivery === 'transaction' },
        queue,
        limits,
        results,
      },
      deps: {
        writers: spool.writers,
        start: spool.start,
        childrenDieWithUs: deps.crew.prefix !== undefined,
        identify,
        writeOut: deps.writeOut,
      },
      marks,
      described: pipeline,
      previous,
      formatProblems: deps.formatProblems,
      unfencedWriters: pipeline.sink.delivery === 'transaction' ? spool.writers.notFenced(run.run) : [],
      oldRuns: spool.store.runsBefore(run.run),
      crew,
      stateDirectory,
      checkStore: spool.watch(),
      storage: { freeSpace: () => freeSpace(stateDirectory), tend: () => spool.tend() },
      reserve: new Reserve(stateDirectory, { makeSpace: () => spool.shrink(), clock }),
    });
    const stopShowing = await deps.onService(service, { plan, spool, results });
    how = 'in order';
    const over = service.run();
    deps.stopRequests.listen((reason) => service.stop(reason));
    const outcome = await over;
    isUsable = !outcome.spoolFailed;
    const isFinished = queue.committedRun.state === 'finished';
    how = endOf(outcome, isFinished, clock.wall());
    await stopShowing();
    if (outcome.error) throw outcome.error;
    return { exitCode: outcome.exitCode, hasBegun: true, isFinished, run: queue.committedRun };
  } finally {
    if (isUsable) spool.close(how);
    else spool.abandon();
  }
}

function endOf({ error, exitCode: code }: Outcome, isFinished: boolean, at: number): StartEnd {
  const exitCode = error?.exitCode ?? code;
  if (isFinished) return { at, outcome: 'finished', exitCode };
  const wasAsked = exitCode === exitCodes.ok || exitCode === exitCodes.forced;
  return { at, outcome: wasAsked ? 'stopped' : 'failed', exitCode };
}
