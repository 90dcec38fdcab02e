/** Reads the values that each source of options gives. Pure. */
import { dirname, resolve } from 'node:path';
import { nearest } from '../core/nearest.ts';
import { type ConfigFile, configVariable } from './config-file.ts';
import { debugVariable, type Environment, paramPrefix } from './environment.ts';
import { findOption, type Option, type OptionName, options } from './schema.ts';

export type Source = 'flag' | 'call' | 'environment' | 'file' | 'pipeline' | 'default';

/** Where a value comes from. */
export interface Origin {
  source: Source;
  /** `--consumers`, `MILLRACE_CONSUMERS`, `millrace.yaml:3`, `pokedex.ts:12`, `default`. */
  place: string;
}

/** A value that was given for an option, as written. */
export interface Given extends Origin {
  value: unknown;
}

export interface Problem {
  isUsage: boolean;
  /** The message, with its place. */
  text: string;
}

/** The values of one source. */
export interface Layer {
  values: ReadonlyMap<OptionName, Given>;
  problems: readonly Problem[];
  warnings: readonly string[];
}

/** The options of a pipeline, as in its description. */
export interface PipelineLayer {
  /** The path as it is shown. */
  file: string;
  options: Readonly<Record<string, unknown>>;
  optionLines?: Readonly<Record<string, number>> | undefined;
}

const flagNames = options.map(({ flag }) => flag);
const variables = [...options.map(({ environment }) => environment), configVariable, debugVariable];
const names = options.map(({ name }) => name);
const pipelineNames = options.filter(({ isOutside }) => !isOutside).map(({ name }) => name);

/** Flags by name, `stall-timeout` or `stallTimeout`; undefined ones were not given. */
export function fromFlags(flags: Readonly<Record<string, unknown>>): Layer {
  const values = new Map<OptionName, Given>();
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const option = options.find((candidate) => candidate.flag === name || candidate.name === name);
    const place = `--${option?.flag ?? name}`;
    const wrong = option === undefined ? noSuch('option', name, flagNames, '--') : wrongFlag(value);
    if (wrong !== undefined) problems.push({ isUsage: true, text: `${place}: ${wrong}` });
    else if (option) values.set(option.name, { source: 'flag', place, value: fromText(option, value) });
  }
  return { values, problems, warnings: [] };
}

function wrongFlag(value: unknown): string | undefined {
  if (Array.isArray(value)) return 'was given more than once';
  return value === '' || value === true ? 'expected a value' : undefined;
}

/** Options that only concern a terminal or a log on standard error. */
const ofTheCommand: readonly OptionName[] = ['logFormat', 'progress'];
const callNames = names.filter((name) => !ofTheCommand.includes(name));

/** Options that a program passes to `run()`; undefined ones were not given. */
export function fromCall(given: Readonly<Record<string, unknown>>): Layer {
  const values = new Map<OptionName, Given>();
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const place = `run(): ${name}`;
    const option = callNames.includes(name as OptionName) ? findOption(name) : undefined;
    if (option) values.set(option.name, { source: 'call', place, value });
    else problems.push({ isUsage: false, text: `${place}: ${noSuch('option', name, callNames)}` });
  }
  return { values, problems, warnings: [] };
}

/**
 * Variables whose names begin with `MILLRACE_`. An unknown one may belong to another program, so it is only a warning.
 */
export function fromEnvironment(environment: Environment): Layer {
  const values = new Map<OptionName, Given>();
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const [place, value] of Object.entries(environment)) {
    if (!place.startsWith('MILLRACE_') || place.startsWith(paramPrefix) || value === undefined) continue;
    const option = options.find((candidate) => candidate.environment === place);
    if (!variables.includes(place)) {
      warnings.push(`${place}: ${noSuch('variable', place, variables)}`);
    } else if (value === '') {
      problems.push({ isUsage: false, text: `${place}: is empty; give it a value or unset it` });
    } else if (option) {
      values.set(option.name, { source: 'environment', place, value: fromText(option, value) });
    }
  }
  return { values, problems, warnings };
}

export function fromFile({ path, entries, problems: inFile }: ConfigFile): Layer {
  const values = new Map<OptionName, Given>();
  const problems = inFile.map((text) => ({ isUsage: false, text }));
  for (const { name, value, line } of entries) {
    if (name === 'params') continue;
    const option = findOption(name);
    const place = `${path}:${line}`;
    if (option === undefined) {
      problems.push({ isUsage: false, text: `${place}: ${name}: ${noSuch('option', name, names)}` });
    } else if (value === null) {
      problems.push({ isUsage: false, text: `${place}: ${name}: has no value` });
    } else {
      values.set(option.name, { source: 'file', place, value: relativeTo(path, option, value) });
    }
  }
  return { values, problems, warnings: [] };
}

export function fromPipeline({ file, options: given, optionLines = {} }: PipelineLayer): Layer {
  const values = new Map<OptionName, Given>();
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(given)) {
    const option = findOption(name);
    const line = optionLines[name];
    const place = line === undefined ? file : `${file}:${line}`;
    const wrong = option === undefined ? noSuch('option', name, pipelineNames) : tooLate(option);
    if (wrong !== undefined) problems.push({ isUsage: false, text: `${place}: options.${name}: ${wrong}` });
    else if (option) values.set(option.name, { source: 'pipeline', place, value });
  }
  return { values, problems, warnings: [] };
}

function tooLate({ isOutside, flag, environment }: Option): string | undefined {
  return isOutside ? `is needed before the pipeline is read: use --${flag} or ${environment}` : undefined;
}

/** Flags and variables are text; elsewhere "16" is not a number. */
function fromText(option: Option, value: unknown): unknown {
  return option.kind === 'count' && typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
}

function relativeTo(path: string, { kind }: Option, value: unknown): unknown {
  return kind === 'directory' && typeof value === 'string' && value !== '' ? resolve(dirname(path), value) : value;
}

function noSuch(what: 'option' | 'variable', name: string, known: readonly string[], prefix = ''): string {
  const near = nearest(name, known);
  return `there is no such ${what}${near === undefined ? '' : `; did you mean ${prefix}${near}?`}`;
}
