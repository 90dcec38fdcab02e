/**
 * The supervisor as its own process, for `millrace run`: signals, terminal, log, standard output and title. The service
 * itself (service/) touches nothing of the process.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNamedConfig } from './config/config-file.ts';
import { currentDirectory } from './config/current-directory.ts';
import { debugVariable, readEnvironment } from './config/environment.ts';
import { systemClock } from './core/clock.ts';
import type { Redaction } from './core/redaction.ts';
import { confirmFresh } from './launching/fresh.ts';
import { showRun, startShowing, type Showing } from './launching/showing.ts';
import { hasControllingTerminal, onSignals, type SignalRequests } from './launching/signals.ts';
import { onOutputError } from './launching/standard-output.ts';
import { EventBus } from './observability/events.ts';
import { Controls } from './service/controls.ts';
import { serve } from './service/serve.ts';
import { standardOutput } from './service/standard-output.ts';

export interface SuperviseRequest {
  /** The pipeline file, as it was typed. */
  file: string;
  /** Options and `config`, by the names of their flags, as they were typed. */
  flags: Readonly<Record<string, unknown>>;
  /** `name=value`, as typed. */
  params: readonly string[];
  fresh: boolean;
  yes: boolean;
  again: boolean;
  moved: boolean;
  sameSource: boolean;
  /** Removes secrets from everything that is shown; it learns the names of this pipeline's secrets. */
  redaction: Redaction;
  /** Whether stacks of errors are shown. */
  debug: boolean;
  /** The signals since the process started, if it already handles them. */
  signals: SignalRequests | undefined;
}

// This entry is never bundled, so the others are next to it.
const entry = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** Runs a pipeline until its end, or until it is stopped. Resolves to the exit code; rejects with the error to show. */
export async function supervise(request: SuperviseRequest): Promise<number> {
  const { file, redaction, fresh, yes, again, moved, sameSource, debug } = request;
  const { config, ...flags } = request.flags;
  const signals = request.signals ?? onSignals({ hasTerminal: hasControllingTerminal() });
  const events = new EventBus();
  const controls = new Controls();
  const stdout = standardOutput(process.stdout, (reason) => controls.hurry(reason));
  const closeOutput = onOutputError(stdout.failed);
  try {
    const cwd = currentDirectory();
    const environment = readEnvironment();
    const configFile = await readNamedConfig(typeof config === 'string' ? config : undefined, { environment, cwd });
    let showing: Showing | undefined;
    signals.stop.listen((reason) => controls.press(reason));
    // The log reports its progress, and says so if the service refuses it because it is starting or stopping.
    signals.reload.listen(() => void controls.reload().catch(() => undefined));
    const { exitCode } = await serve(
      {
        file: resolve(cwd, file),
        cwd,
        sources: { flags, environment, file: configFile },
        params: { flags: request.params },
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
        clock: systemClock,
        // oxlint-disable-next-line no-restricted-properties -- the entry hands in randomness
        random: Math.random,
        events,
        redaction,
        controls,
        results: undefined,
        entries: { producer: entry('producer'), consumer: entry('consumer') },
        writeOut: stdout.write,
        onConfigured: (settings) => {
          const stacks = debug || Boolean(environment[debugVariable]);
          showing = startShowing({ settings, environment, stacks, redaction, clock: systemClock, events });
          return showing.close;
        },
        onRunning: (status) => {
          process.title = `millrace ${status().name}: supervisor`;
          return showRun(showing!, { status, cwd });
        },
      },
    );
    return exitCode;
  } finally {
    signals.close();
    closeOutput();
  }
}
