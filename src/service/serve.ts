import { relative } from 'node:path';
import { keepingCompiledCode } from '../config/code-cache.ts';
import { examineParams, type ParamSources } from '../config/params.ts';
import { type ConfigSources, problemsError, resolveConfig } from '../config/resolve.ts';
import type { Settings } from '../config/schema.ts';
import { controlSocketPath, stateDirectory } from '../config/state-directory.ts';
import { backupJob } from '../control/backup-job.ts';
import { startControl } from '../control/server.ts';
import type { Clock } from '../core/clock.ts';
import { configError } from '../core/errors.ts';
import type { Redaction } from '../core/redaction.ts';
import type { PipelineDescription } from '../ipc/messages.ts';
import type { EventBus } from '../observability/events.ts';
import type { Status } from '../observability/status.ts';
import { userCacheDirectory } from '../pipeline/cache-directory.ts';
import { formatProblems } from '../pipeline/problems.ts';
import { LetterBox } from '../queue/dead/letter-box.ts';
import { readDeadLetters } from '../queue/spool/dead-letters.ts';
import { spoolPlace } from '../queue/spool/place.ts';
import type { ConsumerDeps } from '../supervision/roles/consuming.ts';
import { guardCommand } from '../supervision/posts/group-guard.ts';
import { bootId, deathSignalCommand } from '../supervision/posts/identity.ts';
import type { Ended, ServiceParts, StartRequest } from '../supervision/starting/request.ts';
import { start } from '../supervision/starting/start.ts';
import type { Service } from '../supervision/tick/service.ts';
import type { ChildEntries } from './child-entries.ts';
import { childEnvironment } from './child-environment.ts';
import { childOutput } from './child-output.ts';
import { controlled } from './controlled.ts';
import type { Controls } from './controls.ts';
import { sourceOf } from './decoding.ts';
import { planOf } from './plan.ts';
import type { ResultStream } from './results.ts';
import { requireSecrets } from './secrets.ts';
import { reportedLetters } from './reported-letters.ts';
import type { RunSummary } from './types.ts';

export interface ServeRequest extends StartRequest {
  /** The current directory: relative paths start at it, and children run in it. */
  cwd: string;
  sources: Omit<ConfigSources, 'pipeline' | 'cwd'>;
  params: Pick<ParamSources, 'flags' | 'values'>;
}

/** What a service needs from the process that it runs in. It touches nothing else of it. */
export interface ServeDeps {
  clock: Clock;
  random: () => number;
  events: EventBus;
  /** Learns the names of this pipeline's secrets. */
  redaction: Redaction;
  controls: Controls;
  entries: ChildEntries;
  /** Reads the results of a pipeline with the sink `to.results()`; undefined if nobody does. */
  results: { isOrdered: boolean; stream: ResultStream<unknown> } | undefined;
  writeOut: ConsumerDeps['writeOut'];
  /**
   * The options are known, except those of the pipeline: the log can start. The returned function is called at the end.
   */
  onConfigured: (settings: Settings) => () => void | Promise<void>;
  /** A run starts. The returned function is called when the run has ended. */
  onRunning: (status: () => Status) => () => void;
}

/**
 * Runs a pipeline until its run is finished, or until it is stopped. Rejects with an error that should be shown; by
 * then, everything that was started has ended.
 */
export async function serve(request: ServeRequest, deps: ServeDeps): Promise<RunSummary> {
  const { file, cwd, sources } = request;
  const { clock, random, events, redaction, controls, entries, writeOut } = deps;
  const { environment } = sources;
  const { settings: early, warnings } = resolveConfig({ ...sources, cwd });
  redaction.hideNames(early.redact);
  const output = childOutput({ clock, events });
  const stopLog = deps.onConfigured(early);
  for (const message of warnings) events.emit('warning', { code: 'CONFIG', message });
  try {
    const ended = await start(request, {
      clock,
      random,
      events,
      stopRequests: controls,
      readyTimeoutMs: early.readyTimeout,
      formatProblems: (problems) => formatProblems(problems, cwd),
      crew: {
        prefix: guardCommand(deathSignalCommand()),
        env: keepingCompiledCode(childEnvironment(environment), userCacheDirectory()),
        cwd,
        entries,
        onOutput: output.take,
      },
      plan: (pipeline) => {
        const { settings } = resolveConfig({
          ...sources,
          cwd,
          pipeline: { file: relative(cwd, file), ...pipeline },
        });
        redaction.hideNames(settings.redact);
        requireReader(pipeline, deps);
        redaction.hideValues(requireSecrets(pipeline.secrets, environment));
        const params = examineParams({ ...sources, ...request.params }, pipeline.params);
        if (params.problems.length > 0) throw problemsError(params.problems);
        for (const message of params.warnings) events.emit('warning', { code: 'CONFIG', message });
        return planOf({
          settings,
          stateDirectory: stateDirectory({ settings, environment, name: pipeline.name, cwd }),
          pipeline,
          params: params.given,
          boot: bootId(),
        });
      },
      placeOf: ({ stateDirectory: directory, settings }) => spoolPlace(directory, settings),
      results: deps.results,
      onService: (service, parts) => openToTheOutside(service, parts, deps),
      writeOut,
    });
    return summaryOf(ended);
  } finally {
    output.end();
    await stopLog();
  }
}

/** Lets the program, its display and the control socket reach a running service. The returned function ends that. */
async function openToTheOutside(
  service: Service,
  { plan, spool, results }: ServiceParts,
  { events, controls, results: reader, onRunning }: ServeDeps,
): Promise<() => Promise<void>> {
  const status = (): Status => service.status;
  const { maxItemBytes } = plan.settings;
  const control = await startControl({
    socketPath: controlSocketPath(plan.stateDirectory),
    status,
    reload: () => service.reload(),
    dead: (query) => readDeadLetters(spool.store, query),
    backup: backupJob((file, onProgress) => spool.backUp({ file, onProgress })),
    letters: reportedLetters(new LetterBox(spool.store, (work) => service.change(work), { maxItemBytes }), events),
    warn: (message) => events.emit('warning', { code: 'CONTROL', message }),
  });
  const detach = controls.attach(controlled(service, events));
  const endResults = results && reader?.stream.attach(sourceOf(results));
  const stopShowing = onRunning(status);
  return async () => {
    detach();
    endResults?.();
    stopShowing();
    await control.close();
  };
}

/** Checks that `to.results()` has a program that reads the results, and that such a program has results to read. */
function requireReader({ sink }: PipelineDescription, { results }: ServeDeps): void {
  if (sink.kind === 'results') {
    if (results) return;
    throw configError(
      'NO_READER',
      'the sink to.results() hands results to a program that calls run(), and the command line reads none; use another sink, or start the pipeline with run()',
    );
  }
  const message = `service.results has results only of a pipeline whose sink is to.results(), and this sink is ${sink.kind}`;
  results?.stream.end({ error: configError('NO_RESULTS', message) });
}

function summaryOf({ exitCode, isFinished, run }: Ended): RunSummary {
  return {
    state: isFinished ? 'finished' : 'stopped',
    run: run?.run,
    stored: run?.stored ?? 0,
    done: run?.done ?? 0,
    dead: run?.dead ?? 0,
    exitCode,
  };
}
