/** Converts the params that a pipeline declares into plain data. The only place where declarations are checked. */
import { isRecord } from '../core/is-record.ts';
import { didYouMean, plainName } from '../core/nearest.ts';
import { expectedBy, paramTypes, readParam, type ParamDescription } from '../core/params.ts';
import { isParam, paramMark } from '../values/param.ts';
import { isSecret } from '../values/secret.ts';
import { type Finding, wrong } from './finding.ts';

export interface ReadParams {
  params: Record<string, ParamDescription>;
  findings: Finding[];
}

const known = ['type', 'values', 'default', 'optional', 'describe'];
const maxDescribe = 200;

/**
 * The params in the field `params`, which may hold any value, and what is wrong with them. Wrong params are left out.
 */
export function paramsOf(value: unknown): ReadParams {
  if (value === undefined) return { params: {}, findings: [] };
  if (!isRecord(value)) {
    return { params: {}, findings: wrong(['params'], 'params by name, such as { shelf: param.string() }', value) };
  }
  const params: ReadParams['params'] = {};
  const findings: Finding[] = [];
  for (const [name, spec] of Object.entries(value)) {
    const own = [...nameFindings(name, Object.keys(value)), ...specFindings(['params', name], spec)];
    findings.push(...own);
    if (own.length === 0 && isParam(spec)) params[name] = plain(spec[paramMark]);
  }
  return { params, findings };
}

/** Users type the name after `--param` and, in capitals, after `MILLRACE_PARAM_`. */
function nameFindings(name: string, all: readonly string[]): Finding[] {
  const path = ['params', name];
  if (!/^[A-Za-z][\w-]{0,63}$/.test(name)) {
    return wrong(path, 'a name of at most 64 letters, digits, "_" and "-" that begins with a letter', name);
  }
  const same = all.find((other) => other !== name && plainName(other) === plainName(name));
  if (same === undefined || all.indexOf(same) > all.indexOf(name)) return [];
  return [
    { path, message: `is the same name as ${same}, because case, "-" and "_" do not count: choose another name` },
  ];
}

function specFindings(path: string[], spec: unknown): Finding[] {
  if (isSecret(spec)) {
    return [{ path, message: 'a secret cannot be a param, because params are stored and shown. Use the secret where it is needed' }]; // prettier-ignore
  }
  if (!isParam(spec)) return wrong(path, 'a param such as param.string()', spec);
  const description: Readonly<Record<string, unknown>> = { ...spec[paramMark] };
  const findings: Finding[] = Object.keys(description)
    .filter((field) => !known.includes(field))
    .map((field) => ({ path: [...path, field], message: `a param has no such field${didYouMean(field, known)}` }));
  const { type, values, default: given, optional, describe } = description as Partial<ParamDescription>;
  if (type === undefined || !paramTypes.includes(type)) return wrong(path, 'a param such as param.string()', spec);
  if (type === 'oneOf' && !isListOfTexts(values)) {
    return [...findings, ...wrong([...path, 'values'], 'a list of texts, all different', values)];
  }
  if (optional !== undefined && !optional) findings.push(...wrong([...path, 'optional'], 'true', optional));
  if (optional && given !== undefined) findings.push({ path, message: 'is optional and has a default: choose one' });
  if (describe !== undefined && (typeof describe !== 'string' || describe.length > maxDescribe)) {
    findings.push(...wrong([...path, 'describe'], `text of at most ${maxDescribe} characters`, describe));
  }
  const declared = { type, ...(values && { values }) };
  if (given !== undefined && readParam(declared, given, { isText: false }).status === 'wrong') {
    findings.push(...wrong([...path, 'default'], expectedBy(declared), given));
  }
  return findings;
}

function isListOfTexts(values: unknown): boolean {
  return (
    Array.isArray(values) &&
    values.length > 0 &&
    values.every((value) => typeof value === 'string') &&
    new Set(values).size === values.length
  );
}

/** Without the fields that are undefined: it is sent and compared. */
function plain(description: ParamDescription): ParamDescription {
  const entries = Object.entries(description).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as ParamDescription;
}
