import { configError, type MillraceError } from '../../core/errors.ts';
import { expectedBy, readParam, type GivenParams, type ParamDescription, type ParamValues } from '../../core/params.ts';
import { show } from '../../core/show.ts';

type Declared = Readonly<Record<string, ParamDescription>>;

/**
 * The params of a new run: the given values, or else the defaults. Throws (exit 78) with a line for each param without
 * a value.
 */
export function paramsOfNewRun(declared: Declared, given: GivenParams): ParamValues {
  return completed(declared, new Map([...given].map(([name, { value }]) => [name, value])));
}

/**
 * The params of a run that is resumed: the values with which it was started. Throws (exit 78) if a given value differs,
 * because half of the results would come from each value. A param that was added to the pipeline since then gets its
 * value now.
 */
export function paramsOfOpenRun(declared: Declared, given: GivenParams, run: { params: ParamValues }): ParamValues {
  const stored = Object.entries(run.params).filter(([name]) => Object.hasOwn(declared, name));
  const before = Object.fromEntries(Object.entries(declared).filter(([name, param]) => !isGained(name, param, run)));
  const changed = changedParams(before, given, run);
  if (changed.length > 0) {
    throw refusal(
      'the open run has other params',
      changed,
      'Resume it with its own values (they need not be given again). For a run with the new values: --again finishes this ' +
        'one first, --fresh archives it.',
    );
  }
  for (const [name, value] of stored) {
    const read = readParam(declared[name]!, value, { isText: false });
    if (read.status === 'read') continue;
    throw configError(
      'PARAMS',
      `the open run was started with ${name} ${show(value)}, which the pipeline no longer accepts: ${read.message}. ` +
        'Undo the change until the run is finished, or start over with --fresh (the old queue is archived).',
    );
  }
  const values = new Map(stored);
  for (const [name, { value }] of given) if (!values.has(name)) values.set(name, value);
  return completed(declared, values);
}

/** Whether the param was added to the pipeline after the run began. Otherwise the run would have a value for it. */
function isGained(name: string, { optional }: ParamDescription, run: { params: ParamValues }): boolean {
  return run.params[name] === undefined && optional !== true;
}

/** Refuses (exit 78) values that differ from those of a finished run: they need a new run. */
export function refuseOtherParams(declared: Declared, given: GivenParams, run: { params: ParamValues }): void {
  const changed = changedParams(declared, given, run);
  if (changed.length === 0) return;
  throw refusal('the last run is finished, and had other params', changed, 'For a new run with these values: --again.');
}

function refusal(what: string, changed: readonly string[], advice: string): MillraceError {
  return configError('PARAMS', `${what}: ${changed.join('; ')}. Nothing was changed. ${advice}`);
}

/** Each given value that differs from the run's, with both. */
function changedParams(declared: Declared, given: GivenParams, run: { params: ParamValues }): string[] {
  return Object.keys(declared).flatMap((name) => {
    const now = given.get(name);
    if (now === undefined) return [];
    const was = run.params[name];
    if (was === now.value) return [];
    return [`${name} was ${was === undefined ? 'not set' : show(was)} and is now ${show(now.value)} (${now.place})`];
  });
}

function completed(declared: Declared, values: ReadonlyMap<string, ParamValues[string]>): ParamValues {
  const missing: string[] = [];
  const entries = Object.entries(declared).flatMap(([name, description]) => {
    const value = values.get(name) ?? description.default;
    if (value === undefined && description.optional !== true) missing.push(missingLine(name, description));
    return value === undefined ? [] : [[name, value] as const];
  });
  if (missing.length > 0) throw configError('PARAMS', missing.join('\n'));
  return Object.fromEntries(entries);
}

function missingLine(name: string, description: ParamDescription): string {
  const { describe } = description;
  return (
    `param ${name} has no value: expected ${expectedBy(description)}${describe === undefined ? '' : ` (${describe})`}. ` +
    `Give it with --param ${name}=…, or with a variable or the config file`
  );
}
