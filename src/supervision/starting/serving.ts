import { exitCodes } from '../../core/exit-codes.ts';
import type { PipelineDescription } from '../../ipc/messages.ts';
import type { Close, QueuePlace, StartEnd, WholeSpool } from '../../queue/place.ts';
import { Queue } from '../../queue/queue.ts';
import type { RunRecord } from '../../queue/store.ts';
import type { Writers } from '../../queue/writers.ts';
import { blameForKilledSupervisors } from '../blame/blaming.ts';
import type { Crew } from '../posts/crew.ts';
import { identify } from '../posts/identity.ts';
import { UnreadResults } from '../roles/unread-results.ts';
import type { Outcome } from '../tick/ending.ts';
import { Service } from '../tick/service.ts';
import type { Ended, Plan, StartDeps, StartRequest } from './request.ts';

export interface Serving {
  request: StartRequest;
  deps: StartDeps;
  crew: Crew;
  pipeline: PipelineDescription;
  plan: Plan;
  place: QueuePlace;
  spool: WholeSpool;
  run: RunRecord;
  isNew: boolean;
  previous: string | null;
  /** Kills the children on this list that are still alive, and waits until they are gone. */
  killOrphans: (writers: Writers) => Promise<void>;
  /** Aborts when it is asked to stop before there is a service. */
  stopped: AbortSignal;
}

/** Runs a service on an open run, and closes the queue. `hasBegun`: it was not stopped before. */
export async function serve(serving: Serving): Promise<Ended & { hasBegun: boolean }> {
  const { request, deps, crew, pipeline, plan, place, spool, run, isNew, previous, killOrphans, stopped } = serving;
  const { clock, random, events } = deps;
  const { settings, marks, limits, stateDirectory } = plan;
  let isUsable = true;
  let how: Close = 'unused';
  try {
    await killOrphans(spool.writers);
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
      storage: { freeSpace: () => place.freeSpace(), tend: () => spool.tend() },
      reserve: place.reserve({ makeSpace: () => spool.shrink(), clock }),
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
