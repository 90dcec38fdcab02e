import { examineParams } from '../config/params.ts';
import { type Config, examineConfig, problemsError } from '../config/resolve.ts';
import { options, type Option } from '../config/schema.ts';
import { stateDirectory } from '../config/state-directory.ts';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { expectedBy, type GivenParam, type GivenParams, type ParamDescription } from '../core/params.ts';
import { show } from '../core/show.ts';
import { formatBytes, formatDuration } from '../core/units.ts';
import { lookUpSecret } from '../service/secrets.ts';
import { formatRate } from '../limits/rate.ts';
import { count, plural } from '../core/figures.ts';
import { printable } from '../observability/printable.ts';
import { shortPath } from '../observability/short-path.ts';
import type { PipelineDescription } from '../ipc/messages.ts';
import { isProcessor } from '../processors/port.ts';
import type { AnySink } from '../sinks/port.ts';
import { shown as shownText } from '../values/values.ts';
import type { CommandLine } from './command.ts';
import { sourceFacts, type SourceFacts } from '../pipeline/source-facts.ts';
import { type LoadedFile, tryToLoadHere } from './load.ts';
import { configSources } from './read-config.ts';
import type { Shell } from './shell.ts';

/** `millrace check`: what a run of this pipeline would do, or all of its problems. */
export async function check(line: CommandLine, shell: Shell): Promise<number> {
  const loaded = await tryToLoadHere(line.operand!, shell);
  const { file } = loaded;
  const given = loaded.status === 'loaded' ? loaded.description : loaded.given;
  const layer = given && { file, options: given.options, optionLines: given.optionLines };
  const sources = await configSources(line, shell, layer);
  const config = examineConfig(sources);
  const declared = loaded.status === 'loaded' ? loaded.description.params : {};
  const params = examineParams({ ...sources, flags: line.repeated['param'] ?? [] }, declared);
  for (const warning of [...config.warnings, ...(loaded.status === 'loaded' ? params.warnings : [])])
    await shell.err(`millrace: warning: ${warning}\n`);
  const inFile = loaded.status === 'wrong' ? loaded.problems : [];
  const inParams = loaded.status === 'loaded' ? params.problems : [];
  const problems = [...inFile.map((text) => ({ isUsage: false, text })), ...config.problems, ...inParams];
  const state = loaded.status === 'loaded' ? stateOf(loaded.description, config, shell, problems) : '';
  if (loaded.status === 'wrong' || problems.length > 0) throw problemsError(problems);
  await shell.out(describe(loaded, { config, params: params.given, environment: shell.environment, state }));
  return exitCodes.ok;
}

/** The state directory as shown. If it cannot be determined, adds the reason to `problems`. */
function stateOf(
  { name }: PipelineDescription,
  { settings }: Config,
  { environment, cwd }: Shell,
  problems: { isUsage: boolean; text: string }[],
): string {
  try {
    return shortPath(stateDirectory({ settings, environment, name, cwd }), cwd);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    problems.push({ isUsage: false, text: error.message });
    return '';
  }
}

interface Surroundings {
  config: Config;
  params: GivenParams;
  environment: Shell['environment'];
  state: string;
}

function describe(
  { file, pipeline, description }: LoadedFile,
  { config, params, environment, state }: Surroundings,
): string {
  const { name: pipelineName, limits } = description;
  const { process } = pipeline;
  const { consumers, concurrency } = config.settings;
  const rows = [
    [pipelineName, file],
    ['slots', `${count(consumers * concurrency)} (${plural(consumers, 'consumer')} × ${count(concurrency)})`],
    ...sourceTexts(sourceFacts(pipeline.source), description).map((text) => ['source', text]),
    ...(isProcessor(process)
      ? [['process', `${kindAndTarget(process, shownText(pipeline.params, process.target))}: one for each slot`]]
      : []),
    ...Object.entries(description.params).map(([name, param]) => [
      'param',
      `${name}: ${paramText(param, params.get(name))}`,
    ]),
    ...description.secrets.map((name) => ['secret', `${name}: ${secretText(name, environment)}`]),
    ...Object.entries(limits).map(([name, limit]) => ['limit', `${name}: ${limitText(limit)}`]),
    ...(pipeline.sink.sinks ?? [pipeline.sink]).map((sink) => [
      'sink',
      sinkText(sink, shownText(pipeline.params, sink.target)),
    ]),
    ['state', state],
    ...options.flatMap(({ name: option, kind }) => {
      const { source, place } = config.origins[option];
      return source === 'default' ? [] : [['option', `${option} ${shown(kind, config.settings[option])} (${place})`]];
    }),
  ];
  const width = Math.max(...rows.map(([label = '']) => label.length));
  return rows.map(([label = '', text = '']) => `${label.padEnd(width)}  ${printable(text)}\n`).join('');
}

function sinkText({ kind, delivery }: Pick<AnySink, 'kind' | 'delivery'>, target: string): string {
  const promise = delivery === 'call' ? 'at least once' : 'exactly once';
  return `${kindAndTarget({ kind }, target)}: ${promise}`;
}

function kindAndTarget({ kind }: { kind: string }, target: string): string {
  return kind === target ? kind : `${kind} ${target}`;
}

/** Facts about this source, one sentence per line. */
function sourceTexts({ resumes, isEndless, items }: SourceFacts, { deterministic }: PipelineDescription): string[] {
  const byCount = deterministic
    ? 'it starts from the beginning and skips stored items by count, so it must yield the same items in the same order'
    : 'it starts from the beginning, and stored items come twice (deterministic: false)';
  const behind = deterministic
    ? 'stored items after it are skipped by count'
    : 'stored items after it come twice (deterministic: false)';
  const byCheckpoints = `it resumes at its last checkpoint, and ${behind}`;
  const after = {
    'by count': byCount,
    'by checkpoints': byCheckpoints,
    not: 'it reads what comes next, and nothing is skipped',
    unknown: `with checkpoints ${byCheckpoints}; without, ${byCount}`,
  }[resumes];
  return [
    `after a restart ${after}`,
    ...(isEndless ? ['it never ends by itself, so the run ends only when you stop it'] : []),
    ...(items === undefined ? [] : [plural(items, 'item')]),
  ];
}

/** `text, "A" (--param shelf): which shelf to read`. */
function paramText(param: ParamDescription, given: GivenParam | undefined): string {
  const { default: standard, optional, describe: words } = param;
  const value =
    given !== undefined
      ? `${show(given.value)} (${given.place})`
      : standard !== undefined
        ? `${show(standard)} (default)`
        : optional
          ? 'not set'
          : 'must be given';
  return `${expectedBy(param)}, ${value}${words === undefined ? '' : `: ${words}`}`;
}

/** Where a value was found. A machine that only checks the file need not have the secrets. */
function secretText(name: string, environment: Shell['environment']): string {
  const found = lookUpSecret(name, environment);
  return found.status === 'found' ? `found in ${found.place}` : `not here: ${found.looked.join(', ')}`;
}

function limitText({ concurrency, rate, lingerMs }: PipelineDescription['limits'][string]): string {
  const parts = [
    concurrency !== undefined && `${concurrency} at a time`,
    rate && formatRate(rate),
    lingerMs !== undefined && `permits of a dead process are released after ${formatDuration(lingerMs)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function shown(kind: Option['kind'], value: unknown): string {
  if (typeof value !== 'number') return [value].flat().join(', ');
  return kind === 'duration' ? formatDuration(value) : kind === 'size' ? formatBytes(value) : count(value);
}
