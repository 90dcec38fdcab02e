import { resolve as absolute } from 'node:path';
import * as z from 'zod/mini';
import { configError, type MillraceError, usageError } from '../core/errors.ts';
import type { ConfigFile } from './config-file.ts';
import { availableCores } from './cores.ts';
import { contradictions } from './cross-checks.ts';
import type { Environment } from './environment.ts';
import {
  fromCall,
  fromEnvironment,
  fromFile,
  fromFlags,
  fromPipeline,
  type Given,
  type Layer,
  type Origin,
  type PipelineLayer,
  type Problem,
} from './given.ts';
import { type Option, type OptionName, options, schema, type Settings } from './schema.ts';

export interface ConfigSources {
  /** Options only, by name, `stall-timeout` or `stallTimeout` or both; text as given. Undefined ones were not given. */
  flags?: Readonly<Record<string, unknown>> | undefined;
  /** The same from a program that calls `run()`, by name and as JavaScript values. */
  call?: Readonly<Record<string, unknown>> | undefined;
  environment: Environment;
  file?: ConfigFile | undefined;
  /** Omitted while the pipeline has not been read; its options then have no effect. */
  pipeline?: PipelineLayer | undefined;
  /** The current directory. */
  cwd: string;
  /** The number of consumers if none is given. Default: the CPUs that this process may use. */
  cores?: (() => number) | undefined;
}

export interface Config {
  settings: Settings;
  /** The source of each value. */
  origins: Readonly<Record<OptionName, Origin>>;
  /** Messages that are no reason to stop. */
  warnings: readonly string[];
}

/**
 * Combines the sources of options: flags over environment over file over pipeline over defaults. Throws one MillraceError
 * that lists all problems, one per line: exit 64 if one of them is in the flags, otherwise 78.
 */
export function resolveConfig(sources: ConfigSources): Config {
  const { problems, ...config } = examineConfig(sources);
  if (problems.length > 0) throw problemsError(problems);
  return config;
}

/**
 * The same, but returns the problems, so that the caller can report them together with others. A wrong value is
 * replaced by that of a weaker source, or by the default.
 */
export function examineConfig(sources: ConfigSources): Config & { problems: readonly Problem[] } {
  const layers = layersOf(sources);
  const problems = layers.flatMap((layer) => layer.problems);
  const settings: Record<string, unknown> = {};
  const chosen = new Map<OptionName, Given>();
  const wrong = new Set<OptionName>();
  for (const option of options) {
    const given = layers.flatMap(({ values }) => values.get(option.name) ?? []);
    // A wrong value is reported even if another source overrides it, because that may change.
    const read = given.map((value) => ({ from: value, value: readValue(option, value, problems) }));
    if (read.some(({ value }) => value === undefined)) wrong.add(option.name);
    const first = read.find(({ value }) => value !== undefined);
    settings[option.name] = first?.value ?? (computed[option.name] ?? fixedDefault(option))(settings, sources);
    chosen.set(option.name, first?.from ?? { source: 'default', place: 'default', value: option.defaultText });
  }
  const path = (value: unknown): string | null => (typeof value === 'string' ? absolute(sources.cwd, value) : null);
  const { state, stateRoot } = settings;
  const complete = { ...settings, state: path(state), stateRoot: path(stateRoot) } as Settings;
  problems.push(...contradictory(complete, { chosen, wrong }));
  const origins = Object.fromEntries([...chosen].map(([name, { source, place }]) => [name, { source, place }]));
  const warnings = layers.flatMap((layer) => layer.warnings);
  return { settings: complete, origins: origins as Config['origins'], warnings, problems };
}

/** From the strongest to the weakest. */
function layersOf({ flags, call, environment, file, pipeline }: ConfigSources): Layer[] {
  return [
    ...(flags === undefined ? [] : [fromFlags(flags)]),
    ...(call === undefined ? [] : [fromCall(call)]),
    fromEnvironment(environment),
    ...(file === undefined ? [] : [fromFile(file)]),
    ...(pipeline === undefined ? [] : [fromPipeline(pipeline)]),
  ];
}

/** Undefined if the value leaves the decision to the next source, or is wrong, which is then added to `problems`. */
function readValue({ name }: Option, { source, place, value }: Given, problems: Problem[]): unknown {
  const result = z.safeParse(schema.shape[name], value);
  if (result.success) return result.data;
  const label = { flag: '', call: '', environment: '', file: `${name}: `, pipeline: `options.${name}: `, default: '' }[
    source
  ];
  problems.push({ isUsage: source === 'flag', text: `${place}: ${label}${result.error.issues[0]!.message}` });
  return undefined;
}

type Computed = (settings: Readonly<Record<string, unknown>>, sources: ConfigSources) => unknown;

/** Defaults that depend on the machine, or on options before them in the schema. */
const computed: Partial<Record<OptionName, Computed>> = {
  consumers: (_, { cores = availableCores }) => cores(),
  state: () => undefined,
  stateRoot: () => undefined,
  redact: () => [],
  maxRss: () => null,
  minFree: () => null,
  maxItems: () => null,
  maxAge: () => null,
  queueLowItems: ({ queueHighItems }) => Math.floor(Number(queueHighItems) / 2),
  queueLowBytes: ({ queueHighBytes }) => Math.floor(Number(queueHighBytes) / 2),
};

function fixedDefault(option: Option): Computed {
  return () => z.parse(schema.shape[option.name], option.default);
}

/** Only options that are valid by themselves can contradict each other. */
function contradictory(
  settings: Settings,
  { chosen, wrong }: { chosen: ReadonlyMap<OptionName, Given>; wrong: ReadonlySet<OptionName> },
): Problem[] {
  const all = contradictions(settings).filter(({ options: names }) => !names.some((name) => wrong.has(name)));
  return all.map(({ options: names, wanted }) => {
    const sides = names.map((name) => chosen.get(name)!);
    const shown = sides.map(({ place, value }) => `${String(value)} (${place})`).join(' and ');
    return { isUsage: sides.some(({ source }) => source === 'flag'), text: `${wanted}, got ${shown}` };
  });
}

/** One error that lists all problems, one per line. */
export function problemsError(problems: readonly Problem[]): MillraceError {
  // A flag may have been given under both of its names.
  const text = [...new Set(problems.map((problem) => problem.text))].join('\n');
  return problems.some(({ isUsage }) => isUsage) ? usageError(text) : configError('CONFIG', text);
}
