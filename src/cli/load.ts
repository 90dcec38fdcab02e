import { writeSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import * as millrace from '../index.ts';
import type { Cancel } from '../core/clock.ts';
import { configError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { PipelineDescription } from '../ipc/messages.ts';
import { type GivenOptions, loadPipeline } from '../pipeline/load.ts';
import { formatProblems } from '../pipeline/problems.ts';
import { importsOfPipelines } from '../pipeline/imports-of-pipelines.ts';
import type { Pipeline } from '../pipeline/types.ts';
import { secretValue } from '../values/secret.ts';
import type { Shell } from './shell.ts';

export interface LoadedFile {
  /** Relative to the current directory. */
  file: string;
  pipeline: Pipeline;
  description: PipelineDescription;
}

const deadlineMs = 30_000;

/**
 * Imports a pipeline into this process, for commands that run nothing else. Its top level may leave timers and
 * connections behind, so main.ts ends the process. Rejects with a configuration error that has a line for each problem.
 */
export async function loadHere(operand: string, shell: Shell): Promise<LoadedFile> {
  const loaded = await tryToLoadHere(operand, shell);
  if (loaded.status === 'wrong') throw configError('PIPELINE', loaded.problems.join('\n'));
  return loaded;
}

export type TriedFile =
  | ({ status: 'loaded' } & LoadedFile)
  /** One problem per line; the pipeline's options as far as they are known. */
  | { status: 'wrong'; file: string; problems: readonly string[]; given: GivenOptions | undefined };

/** The same, but returns the problems, so that the caller can report them together with others. */
export async function tryToLoadHere(
  operand: string,
  { cwd, clock, redaction, divertOutput }: Shell,
): Promise<TriedFile> {
  divertOutput();
  const path = resolve(cwd, operand);
  const file = relative(cwd, path);
  const onExit = (): void => {
    process.exitCode = exitCodes.config;
    writeSync(
      process.stderr.fd,
      `millrace: ${file}: its top level ends the process, through process.exit or an error\n`,
    );
  };
  const onSecret = (name: string): void => {
    const value = secretValue(name);
    if (value !== undefined) redaction.hideValues([value]);
  };
  process.once('exit', onExit);
  let cancel: Cancel | undefined;
  const late = new Promise<'late'>((finish) => (cancel = clock.after(deadlineMs, () => finish('late'))));
  const loaded = await Promise.race([loadPipeline(path, { millrace: importsOfPipelines(millrace), onSecret }), late]);
  cancel?.();
  process.off('exit', onExit);
  if (loaded === 'late') {
    const message = `expected it to load within ${deadlineMs / 1000} s; its top level awaits something`;
    return { status: 'wrong', file, problems: [`${file}: ${message}`], given: undefined };
  }
  if (!loaded.pipeline) {
    const { problems, given } = loaded;
    return { status: 'wrong', file, problems: formatProblems(problems, cwd).split('\n'), given };
  }
  return { status: 'loaded', file, pipeline: loaded.pipeline, description: loaded.description };
}
