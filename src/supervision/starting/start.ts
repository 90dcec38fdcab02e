/**
 * From a pipeline file to a running service: describe, open, take over from a predecessor, serve, close.
 */
import { exitCodes, type ExitCode } from '../../core/exit-codes.ts';
import { noSpaceToStart } from '../../queue/place.ts';
import { StoreFull } from '../../queue/store.ts';
import type { Writers } from '../../queue/writers.ts';
import { Crew } from '../posts/crew.ts';
import { identify, membersOf } from '../posts/identity.ts';
import { killGroup } from '../posts/kill.ts';
import { describe } from './describing.ts';
import { openRun } from './opening.ts';
import { killOrphans } from './orphans.ts';
import type { Ended, StartDeps, StartRequest } from './request.ts';
import { serve } from './serving.ts';

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
  const seenGone = (writers: Writers): Promise<void> =>
    killOrphans(writers, { ...deps, identify, membersOf, kill: killGroup, stopped });
  try {
    const pipeline = await describe(crew, { ...deps, file: request.file, stopped });
    if (!pipeline) return stoppedEarly;
    const plan = deps.plan(pipeline);
    const place = deps.placeOf(plan);
    const opening = await openRun({
      ...request,
      stateDirectory: plan.stateDirectory,
      place,
      redact: plan.settings.redact,
      pipelineFile: request.file,
      pipeline,
      params: plan.params,
      killOrphans: seenGone,
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
    const served = await serve({
      request,
      deps,
      crew,
      pipeline,
      plan,
      place,
      spool,
      run,
      isNew,
      previous,
      killOrphans: seenGone,
      stopped,
    });
    return { ...served, owesAnother };
  } catch (error) {
    throw error instanceof StoreFull ? noSpaceToStart(error) : error;
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
