import { fstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PipelineLayer } from '../config/given.ts';
import { errorData, usageError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { show } from '../core/show.ts';
import { parseDuration } from '../core/units.ts';
import type { Pipeline } from '../pipeline/types.ts';
import { bundledItems, bundledPipeline, bundledSinks } from '../torture/bundled.ts';
import { isSourceSpec } from '../sources/port.ts';
import { eachSink, sinkKind } from '../torture/sink-kind.ts';
import { deathSignalCommand } from '../supervision/posts/identity.ts';
import { progressLine, reportJson, reportText } from '../torture/report.ts';
import { torture, type TortureResult } from '../torture/torture.ts';
import type { Tortured } from '../tortured.ts';
import type { CommandLine } from './command.ts';
import { loadHere } from './load.ts';
import { readConfig } from './read-config.ts';
import type { Shell } from './shell.ts';
import { shown } from '../values/values.ts';
import { wholeNumber } from './whole-number.ts';

const entry = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));
const stdinFd = 0;
const progressMs = 10_000;
/**
 * Options of the runs. Torture causes the crashes itself, so no post may be parked for them. The disk may be a small
 * one.
 */
const ours = { 'crash-limit': '1000000', 'min-free': '3MiB', 'log-format': 'json', progress: 'off' };

/**
 * `millrace torture`: runs a pipeline, kills its processes, and verifies from what remains that nothing is lost or
 * written twice.
 */
export async function tortureCommand(line: CommandLine, shell: Shell): Promise<number> {
  const {
    kills,
    seed,
    patience,
    directory,
    json,
    sink,
    keep,
    'real-sink': realSink,
    debug: _,
    ...options
  } = line.flags;
  if (options['state'] !== undefined)
    throw usageError('--state: torture gives each run its own queue; see --directory');
  const numbers = {
    kills: kills === undefined ? 200 : wholeNumber('kills', String(kills)),
    seed: seed === undefined ? 1 + Math.floor(shell.random() * 2 ** 31) : wholeNumber('seed', String(seed)),
    patienceMs: patience === undefined ? 600_000 : duration('patience', patience),
  };
  const { pipeline, source, sourceItems, layer } = await subject(line, sink, shell);
  // Only to report problems now and not from within a run.
  await readConfig({ ...line, flags: options }, shell, layer);
  const hasStdin = isStdinAFile();
  if (isSourceSpec(pipeline.source) && pipeline.source.target === 'stdin' && !hasStdin) {
    const text = 'this pipeline reads stdin, and torture starts it many times';
    throw usageError(`${text}: expected a file that can be read again, as in millrace torture FILE < DATA`);
  }
  const real = eachSink(pipeline.sink).filter((each) => !sinkKind(each).isOwn);
  if (real.length > 0 && realSink === undefined) {
    const names = real.map(({ kind, target }) => `${kind}: ${shown(pipeline.params, target)}`).join('; ');
    throw usageError(`this would write to its real sink (${names}) many times; confirm with --real-sink`);
  }
  const params = (line.repeated['param'] ?? []).map((text) => `--param=${text}`);
  const flagged = Object.entries({ ...ours, ...options }).map(([name, value]) => `--${name}=${String(value)}`);
  const given = [...flagged, ...params];
  const workDirectory =
    directory === undefined ? temporaryDirectory() : emptyDirectory(resolve(shell.cwd, String(directory)));
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  const progress = showProgress(shell);
  const isKept = keep !== undefined || directory !== undefined;
  let result: TortureResult | undefined;
  try {
    result = await torture({
      ...numbers,
      clock: shell.clock,
      pipeline,
      sourceItems,
      pipelineFile: (round) => pipelineText({ pipeline: source, directory: round }),
      command: (file, queue) => [process.execPath, entry('cli'), 'run', file, ...given, `--state=${queue}`],
      directory: shell.cwd,
      environment: shell.environment,
      hasStdin,
      prefixes: prefixes(source),
      workDirectory,
      isKept,
      signal: interrupted.signal,
      onProgress: progress.show,
    });
  } finally {
    progress.end();
    if (result?.evidence === undefined && !isKept) rmSync(workDirectory, { recursive: true, force: true });
  }
  if (interrupted.signal.aborted) {
    await shell.err('millrace: interrupted; nothing was proven\n');
    return exitCodes.forced;
  }
  const replay = [
    'millrace torture',
    ...(line.operand === undefined ? [] : [line.operand]),
    ...replayFlags(line, result),
  ].join(' ');
  await shell.out(json === undefined ? reportText(result, replay) : reportJson(result, replay));
  return result.problems.length === 0 ? exitCodes.ok : exitCodes.bug;
}

interface Subject {
  pipeline: Pipeline;
  source: Tortured['pipeline'];
  sourceItems: number | undefined;
  /** Where its options come from. */
  layer: PipelineLayer;
}

async function subject({ operand }: CommandLine, sink: string | true | undefined, shell: Shell): Promise<Subject> {
  if (operand !== undefined) {
    if (sink !== undefined) throw usageError('--sink selects a bundled pipeline; your own pipeline has its own sink');
    const { pipeline, file, description } = await loadHere(operand, shell);
    const layer = { file, options: description.options, optionLines: description.optionLines };
    return { pipeline, source: { file: resolve(shell.cwd, file) }, sourceItems: undefined, layer };
  }
  const kind = bundledSinks.find((known) => known === (sink ?? 'sqlite'));
  if (kind === undefined) throw usageError(`--sink: expected ${bundledSinks.join(' or ')}, got ${show(sink)}`);
  const pipeline = bundledPipeline(kind);
  const layer = { file: pipeline.name, options: { ...pipeline.options }, optionLines: {} };
  return { pipeline, source: { bundled: kind }, sourceItems: bundledItems, layer };
}

function duration(flag: string, value: string | true): number {
  try {
    return parseDuration(value);
  } catch (error) {
    throw usageError(`--${flag}: ${errorData(error).message}`);
  }
}

function pipelineText(tortured: Tortured): string {
  return `import { tortured } from ${JSON.stringify(entry('tortured'))};\nexport default await tortured(${JSON.stringify(tortured)});\n`;
}

/** A pipe can be read only once. */
function isStdinAFile(): boolean {
  try {
    return fstatSync(stdinFd).isFile();
  } catch {
    return false;
  }
}

/**
 * The supervisors die with this process, however it ends, where the system supports that. The bundled pipelines start
 * no programs, so every other run of theirs also goes without the program by which the kernel kills orphans.
 */
function prefixes(source: Tortured['pipeline']): string[][] {
  const withUs = deathSignalCommand() ?? [];
  const without = ['env', 'PATH=/nowhere'];
  return 'bundled' in source ? [[...withUs], [...withUs, ...without]] : [[...withUs]];
}

function temporaryDirectory(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'millrace-torture-')));
}

/** Never a directory with a queue that is still needed. */
function emptyDirectory(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (readdirSync(directory).length > 0)
    throw usageError(`--directory: expected a new or empty directory, but ${directory} is not empty`);
  return realpathSync(directory);
}

function replayFlags({ flags }: CommandLine, { seed, wantedKills }: TortureResult): string[] {
  const rest = Object.entries(flags).filter(
    ([name]) => !['seed', 'kills', 'json', 'directory', 'debug'].includes(name),
  );
  return [
    `--seed ${seed}`,
    `--kills ${wantedKills}`,
    ...rest.map(([name, value]) => (value === true ? `--${name}` : `--${name} ${value}`)),
  ];
}

/** On a terminal one line that is redrawn, elsewhere a line now and then. */
function showProgress({ err, clock }: Shell): { show: (result: TortureResult) => void; end: () => void } {
  const isTerminal = process.stderr.isTTY;
  let shownAt = clock.now();
  return {
    show: (result) => {
      if (isTerminal) void err(`\r\u001b[K${progressLine(result)}`);
      else if (clock.now() - shownAt >= progressMs) {
        shownAt = clock.now();
        void err(`${progressLine(result)}\n`);
      }
    },
    end: () => {
      if (isTerminal) void err('\r\u001b[K');
    },
  };
}
