/** The part of `run()` that needs the engine: it converts a program's options to the form that the service takes. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNamedConfig } from '../config/config-file.ts';
import { currentDirectory } from '../config/current-directory.ts';
import { readEnvironment } from '../config/environment.ts';
import { systemClock } from '../core/clock.ts';
import { usageError } from '../core/errors.ts';
import { Redaction } from '../core/redaction.ts';
import { show } from '../core/show.ts';
import { EventBus } from '../observability/events.ts';
import { logTo } from '../observability/log-to.ts';
import { findChildEntries } from './child-entries.ts';
import type { Controls } from './controls.ts';
import type { ResultStream } from './results.ts';
import { serve } from './serve.ts';
import { standardOutput } from './standard-output.ts';
import type { RunOptions, RunSummary } from './types.ts';

export async function runInProgram(
  given: URL | string,
  { signal: _, params, log, config, ordered, fresh, again, moved, sameSource, ...options }: RunOptions,
  { controls, stream }: { controls: Controls; stream: ResultStream<unknown> },
): Promise<RunSummary> {
  const redaction = new Redaction();
  try {
    const cwd = currentDirectory();
    const file = pathOf(given, cwd);
    const environment = readEnvironment();
    const events = new EventBus();
    const configFile = await readNamedConfig(config, { environment, cwd });
    return await serve(
      {
        file,
        cwd,
        sources: { call: options, environment, file: configFile },
        params: { flags: [], values: params },
        fresh: fresh === true,
        again: again === true,
        moved: moved === true,
        sameSource: sameSource === true,
        // A program that passes `fresh` has already decided.
        confirmFresh: () => Promise.resolve('yes'),
      },
      {
        clock: systemClock,
        // oxlint-disable-next-line no-restricted-properties -- this is where a program's service gets randomness
        random: Math.random,
        events,
        redaction,
        controls,
        results: { isOrdered: ordered === true, stream },
        entries: findChildEntries([import.meta.url, file]),
        // The program's own output: without a listener of the program, an error of the stream ends the program.
        writeOut: standardOutput(process.stdout, (reason) => controls.hurry(reason)).write,
        onConfigured: ({ logLevel }) =>
          log ? logTo(events, { log, level: logLevel, redaction, clock: systemClock }) : () => undefined,
        onRunning: () => () => undefined,
      },
    );
  } catch (error) {
    redaction.clean(error);
    throw error;
  }
}

function pathOf(file: URL | string, cwd: string): string {
  if (file instanceof URL && file.protocol === 'file:') return fileURLToPath(file);
  if (typeof file === 'string' && file !== '') {
    return file.startsWith('file:') ? fileURLToPath(file) : resolve(cwd, file);
  }
  throw usageError(
    `run() expected the pipeline file as a path or a file URL, such as new URL('./books.ts', import.meta.url), got ${show(file)}`,
  );
}
