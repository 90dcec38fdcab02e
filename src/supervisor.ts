/** The supervisor: puts configuration, processes, log, progress and control together, and runs a pipeline. */
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepingCompiledCode } from './config/code-cache.ts';
import { configPath, readConfigFile } from './config/config-file.ts';
import { currentFolder } from './config/current-folder.ts';
import { debugVariable, readEnvironment } from './config/environment.ts';
import { resolveConfig } from './config/resolve.ts';
import { controlSocketPath, stateDirectory } from './config/state-directory.ts';
import { systemClock } from './core/clock.ts';
import type { Redaction } from './core/redaction.ts';
import { childEnvironment } from './launching/child-environment.ts';
import { childOutput } from './launching/child-output.ts';
import { confirmFresh } from './launching/fresh.ts';
import { planOf } from './launching/plan.ts';
import { hasControllingTerminal, onSignals, type SignalRequests } from './launching/signals.ts';
import { standardOutput } from './launching/standard-output.ts';
import { showService, startShowing } from './launching/showing.ts';
import { EventBus } from './observability/events.ts';
import { userCacheDirectory } from './pipeline/cache-directory.ts';
import { formatProblems } from './pipeline/problems.ts';
import { guardCommand } from './supervision/posts/group-guard.ts';
import { bootId, deathSignalCommand } from './supervision/posts/identity.ts';
import type { Service } from './supervision/tick/service.ts';
import { start } from './supervision/starting/start.ts';

export interface SuperviseRequest {
  /** The pipeline's file, as it was typed. */
  file: string;
  /** Options and `config`, by their flags' names, as they were typed. */
  flags: Readonly<Record<string, unknown>>;
  fresh: boolean;
  yes: boolean;
  again: boolean;
  moved: boolean;
  sameSource: boolean;
  /** Takes secrets out of everything that is shown; it learns the names of this pipeline's secrets. */
  redaction: Redaction;
  /** Whether stacks of errors are shown. */
  debug: boolean;
  /** The signals since the process started, if it already handles them. */
  signals: SignalRequests | undefined;
}

const entry = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** Runs a pipeline until its end, or until it is stopped. Resolves to the exit code; rejects with what is to be told. */
export async function supervise({
  file: typed,
  flags: { config, ...flags },
  fresh,
  yes,
  again,
  moved,
  sameSource,
  redaction,
  debug,
  signals: given,
}: SuperviseRequest): Promise<number> {
  const signals = given ?? onSignals({ hasTerminal: hasControllingTerminal() });
  // Node would open a debugger's port, to whoever comes; and there are log rotators that send it to everybody.
  process.on('SIGUSR1', () => undefined);
  // Some of those send this one; it would kill.
  process.on('SIGUSR2', () => undefined);
  const folder = currentFolder();
  const environment = readEnvironment();
  const file = resolve(folder, typed);
  const configName = configPath(typeof config === 'string' ? config : undefined, environment);
  const configFile = configName === undefined ? undefined : await readConfigFile(resolve(folder, configName));
  const sources = { flags, environment, file: configFile, folder };
  const { settings: early, warnings } = resolveConfig(sources);

  redaction.hideNames(early.redact);
  const stacks = debug || Boolean(environment[debugVariable]);
  const clock = systemClock;
  const events = new EventBus();
  const output = childOutput({ clock, events });
  const showing = startShowing({ settings: early, environment, stacks, redaction, clock, events });
  let running: Service | undefined;
  for (const message of warnings) events.emit('warning', { code: 'CONFIG', message });
  try {
    return await start(
      {
        file,
        fresh,
        again,
        moved,
        sameSource,
        confirmFresh: confirmFresh({
          yes,
          isTerminal: process.stdin.isTTY && process.stderr.isTTY,
          input: process.stdin,
          output: process.stderr,
        }),
      },
      {
        clock,
        // oxlint-disable-next-line no-restricted-properties -- the entry hands in randomness
        random: Math.random,
        events,
        stopRequests: signals.stop,
        readyTimeoutMs: early.readyTimeout,
        formatProblems: (problems) => formatProblems(problems, folder),
        crew: {
          prefix: guardCommand(deathSignalCommand()),
          env: keepingCompiledCode(childEnvironment(environment), userCacheDirectory()),
          entries: { producer: entry('producer'), consumer: entry('consumer') },
          onOutput: output.take,
        },
        plan: (pipeline) => {
          const { settings } = resolveConfig({ ...sources, pipeline: { file: relative(folder, file), ...pipeline } });
          redaction.hideNames(settings.redact);
          return planOf({
            settings,
            stateDirectory: stateDirectory({ settings, environment, name: pipeline.name, folder }),
            pipeline,
            boot: bootId(),
          });
        },
        onService: (service, plan, spool) => {
          running = service;
          signals.reload.listen(() => service.reload());
          process.title = `millrace ${service.status.name}: supervisor`;
          const { maxItemBytes } = plan.settings;
          return showService({
            showing,
            service,
            spool,
            maxItemBytes,
            socketPath: controlSocketPath(plan.stateDirectory),
            folder,
          });
        },
        writeOut: standardOutput((reason) => {
          running?.stop(reason);
          // What waits to be written would wait until the time to stop is up.
          running?.stop(reason);
        }),
      },
    );
  } finally {
    signals.close();
    output.end();
    await showing.close();
  }
}
