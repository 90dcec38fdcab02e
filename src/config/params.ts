/** The values that each source gives for the params of a pipeline. Pure. */
import { nearest, plainName } from '../core/nearest.ts';
import { readParam, type GivenParam, type GivenParams, type ParamDescription } from '../core/params.ts';
import type { ConfigFile } from './config-file.ts';
import { paramPrefix, type Environment } from './environment.ts';
import type { Problem } from './given.ts';

export interface ParamSources {
  /** `name=value`, as typed after `--param`. */
  flags: readonly string[];
  /** By name, from a program that runs the pipeline. */
  values?: Readonly<Record<string, unknown>> | undefined;
  environment: Environment;
  file?: ConfigFile | undefined;
}

interface Raw {
  name: string;
  value: unknown;
  /** Everything is text there, also numbers. */
  isText: boolean;
  place: string;
  isUsage: boolean;
  /** Whether a name that the pipeline does not have is wrong; a variable may be meant for another pipeline. */
  isStrict: boolean;
}

export interface ExaminedParams {
  /** The value of the strongest source, for each param that has one. */
  given: GivenParams;
  problems: readonly Problem[];
  warnings: readonly string[];
}

/** Checks all given values against what the pipeline declares: flags over a program's values over environment over file. */
export function examineParams(
  sources: ParamSources,
  declared: Readonly<Record<string, ParamDescription>>,
): ExaminedParams {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const given = new Map<string, GivenParam>();
  for (const { name, value, isText, place, isUsage, isStrict } of rawValues(sources, problems)) {
    const known = Object.keys(declared).find(
      (each) => each === name || (!isStrict && plainName(each) === plainName(name)),
    );
    if (known === undefined) {
      const text = `${place}: ${noSuch(name, Object.keys(declared))}`;
      if (isStrict) problems.push({ isUsage, text });
      else warnings.push(text);
      continue;
    }
    const read = readParam(declared[known]!, value, { isText });
    if (read.status === 'wrong') problems.push({ isUsage, text: `${place}: ${read.message}` });
    else if (!given.has(known)) given.set(known, { value: read.value, place });
  }
  return { given, problems, warnings };
}

/** From the strongest source to the weakest. */
function rawValues({ flags, values = {}, environment, file }: ParamSources, problems: Problem[]): Raw[] {
  return [
    ...fromFlags(flags, problems),
    ...Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ({
        name,
        value,
        isText: false,
        place: `params.${name}`,
        isUsage: false,
        isStrict: true,
      })),
    ...Object.entries(environment)
      .filter(([variable, value]) => variable.startsWith(paramPrefix) && value !== undefined)
      .map(([place, value]) => {
        return { name: place.slice(paramPrefix.length), value, isText: true, place, isUsage: false, isStrict: false };
      }),
    ...fromFile(file, problems),
  ];
}

function fromFlags(flags: readonly string[], problems: Problem[]): Raw[] {
  const seen = new Set<string>();
  return flags.flatMap((flag) => {
    const at = flag.indexOf('=');
    const name = flag.slice(0, at);
    if (at < 1) {
      problems.push({ isUsage: true, text: `--param: expected name=value, got ${JSON.stringify(flag)}` });
      return [];
    }
    if (seen.has(name)) {
      problems.push({ isUsage: true, text: `--param ${name} is given more than once` });
      return [];
    }
    seen.add(name);
    return [{ name, value: flag.slice(at + 1), isText: true, place: `--param ${name}`, isUsage: true, isStrict: true }];
  });
}

function fromFile(file: ConfigFile | undefined, problems: Problem[]): Raw[] {
  return (file?.entries ?? []).flatMap(({ name, value, line, entries }) => {
    if (name !== 'params') return [];
    if (entries === undefined && value !== null) {
      problems.push({ isUsage: false, text: `${file!.path}:${line}: params: expected params by name` });
    }
    return (entries ?? []).map((entry) => {
      const place = `${file!.path}:${entry.line}: params.${entry.name}`;
      return { name: entry.name, value: entry.value, isText: false, place, isUsage: false, isStrict: true };
    });
  });
}

function noSuch(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'the pipeline has no params';
  const near = nearest(name, known);
  return `the pipeline has no such param; ${near === undefined ? `it has ${known.join(', ')}` : `did you mean ${near}?`}`;
}
