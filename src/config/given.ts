/** What each source of options gives, by option. Pure. */
import { dirname, resolve } from 'node:path';
import { nearest } from '../core/nearest.ts';
import { type ConfigFile, configVariable } from './config-file.ts';
import type { Environment } from './environment.ts';
import { findOption, type Option, type OptionName, options } from './schema.ts';

export type Source = 'flag' | 'environment' | 'file' | 'pipeline' | 'default';

/** Where a value comes from. */
export interface Origin {
  source: Source;
  /** `--consumers`, `MILLRACE_CONSUMERS`, `millrace.yaml:3`, `pokedex.ts:12`, `default`. */
  place: string;
}

/** A value that was given for an option, as it was written. */
export interface Given extends Origin {
  value: unknown;
}

export interface Problem {
  isUsage: boolean;
  /** With its place. */
  text: string;
}

/** What one source gives. */
export interface Layer {
  values: ReadonlyMap<OptionName, Given>;
  problems: readonly Problem[];
  warnings: readonly string[];
}

/** The options of a pipeline, as its description has them. */
export interface PipelineLayer {
  /** As it is shown. */
  file: string;
  options: Readonly<Record<string, unknown>>;
  optionLines?: Readonly<Record<string, number>> | undefined;
}

/** Flags by name, `stall-timeout` or `stallTimeout`; those that are undefined were not given. */
export function fromFlags(flags: Readonly<Record<string, unknown>>): Layer {
  const values = new Map<OptionName, Given>();
  const problems: Problem[] = [];
  const complain = (name: string, text: string): unknown =>
    problems.push({ isUsage: true, text: `--${name}: ${text}` });
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const option = options.find((candidate) => candidate.flag === name || candidate.name === name);
    if (option === undefined)
      complain(
        name,
        `there is no such option${meant(
          '--',
          name,
          options.map(({ flag }) => flag),
        )}`,
      );
    else if (Array.isArray(value)) complain(option.flag, 'was given more than once');
    else if (value === '' || value === true) complain(option.flag, 'expected a value');
    else values.set(option.name, { source: 'flag', place: `--${option.flag}`, value: fromText(option, value) });
  }
  return { values, problems, warnings: [] };
}

export function fromEnvironment(environment: Environment): Layer {
  const values = new Map<OptionName, Given>();
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const known = [...options.map((option) => option.environment), configVariable];
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('MILLRACE_') || value === undefined) continue;
    const option = options.find((candidate) => candidate.environment === variable);
    if (!known.includes(variable)) warnings.push(`${variable}: there is no such variable${meant('', variable, known)}`);
    else if (value === '')
      problems.push({ isUsage: false, text: `${variable}: is empty; give it a value or unset it` });
    else if (option)
      values.set(option.name, { source: 'environment', place: variable, value: fromText(option, value) });
  }
  return { values, problems, warnings };
}

export function fromFile(file: ConfigFile): Layer {
  const values = new Map<OptionName, Given>();
  const problems = file.problems.map((text) => ({ isUsage: false, text }));
  for (const { name, value, line } of file.entries) {
    const option = findOption(name);
    const place = `${file.path}:${line}`;
    const complain = (text: string): unknown => problems.push({ isUsage: false, text: `${place}: ${name}: ${text}` });
    if (option === undefined)
      complain(
        `there is no such option${meant(
          '',
          name,
          options.map((each) => each.name),
        )}`,
      );
    else if (value === null) complain('has no value');
    else values.set(option.name, { source: 'file', place, value: fromFolderOf(file.path, option, value) });
  }
  return { values, problems, warnings: [] };
}

export function fromPipeline({ file, options: given, optionLines = {} }: PipelineLayer): Layer {
  const values = new Map<OptionName, Given>();
  const problems: Problem[] = [];
  const inner = options.filter((option) => !option.isOutside);
  for (const [name, value] of Object.entries(given)) {
    const option = findOption(name);
    const line = optionLines[name];
    const place = line === undefined ? file : `${file}:${line}`;
    const complain = (text: string): unknown =>
      problems.push({ isUsage: false, text: `${place}: options.${name}: ${text}` });
    if (option === undefined)
      complain(
        `there is no such option${meant(
          '',
          name,
          inner.map((each) => each.name),
        )}`,
      );
    else if (option.isOutside)
      complain(`is needed before the pipeline is read: use --${option.flag} or ${option.environment}`);
    else values.set(option.name, { source: 'pipeline', place, value });
  }
  return { values, problems, warnings: [] };
}

/** Flags and variables are text; elsewhere "16" is no number. */
function fromText(option: Option, value: unknown): unknown {
  return option.kind === 'count' && typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
}

function fromFolderOf(path: string, { kind }: Option, value: unknown): unknown {
  return kind === 'folder' && typeof value === 'string' && value !== '' ? resolve(dirname(path), value) : value;
}

function meant(prefix: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? '' : `; did you mean ${prefix}${near}?`;
}
