/**
 * Converts the limits that a pipeline declares into the rules that the supervisor works with. The only place where they
 * are checked and converted; the supervisor and a dry run both use its result.
 */
import { isRecord } from '../core/is-record.ts';
import { didYouMean } from '../core/nearest.ts';
import { parseDuration, parseRate } from '../core/units.ts';
import type { LimitRules } from '../core/limit-rules.ts';
import { complaint, type Finding, wrong } from './finding.ts';

export interface ReadLimits {
  limits: Record<string, LimitRules>;
  findings: Finding[];
}

const known = ['concurrency', 'rate', 'linger'];
const longestLingerMs = 24 * 60 * 60 * 1000;

/**
 * The limits in the field `limits`, which may hold any value, and what is wrong with them. Wrong limits are left out.
 */
export function limitsOf(value: unknown): ReadLimits {
  if (value === undefined) return { limits: {}, findings: [] };
  if (!isRecord(value)) {
    return {
      limits: {},
      findings: wrong(['limits'], 'limits by name, such as { vendor: { concurrency: 10 } }', value),
    };
  }
  const limits: ReadLimits['limits'] = {};
  const findings: Finding[] = [];
  for (const [name, given] of Object.entries(value)) {
    const own: Finding[] = nameFindings(name);
    const limit = limitOf(['limits', name], given, own);
    findings.push(...own);
    if (limit && own.length === 0) limits[name] = limit;
  }
  return { limits, findings };
}

function nameFindings(name: string): Finding[] {
  const path = ['limits', name];
  if (name.startsWith('sink:')) {
    return [{ path, message: 'names that begin with "sink:" are reserved for sinks; choose another' }];
  }
  // The name is shown in logs and tables.
  return /^[^\p{C}\s]{1,64}$/u.test(name) ? [] : wrong(path, 'a name of 1 to 64 characters without spaces', name);
}

function limitOf(path: string[], given: unknown, findings: Finding[]): LimitRules | undefined {
  if (!isRecord(given)) {
    findings.push(...wrong(path, 'a concurrency, a rate, or both', given));
    return undefined;
  }
  for (const field of Object.keys(given).filter((each) => !known.includes(each))) {
    findings.push({ path: [...path, field], message: `a limit has no such field${didYouMean(field, known)}` });
  }
  const read = <T>(field: string, reader: (value: unknown) => T): T | undefined => {
    const value = given[field];
    if (value === undefined) return undefined;
    try {
      return reader(value);
    } catch (error) {
      findings.push({ path: [...path, field], message: (error as Error).message });
      return undefined;
    }
  };
  const concurrency = read('concurrency', concurrencyOf);
  const rate = read('rate', parseRate);
  const lingerMs = read('linger', lingerOf);
  if (given['concurrency'] === undefined && given['linger'] !== undefined) {
    findings.push({
      path: [...path, 'linger'],
      message: 'linger needs a concurrency as well, because it keeps its permits',
    });
  } else if (concurrency === undefined && rate === undefined && findings.length === 0) {
    findings.push({ path, message: 'expected a concurrency, a rate, or both, got neither' });
  }
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(rate !== undefined && { rate }),
    ...(lingerMs !== undefined && { lingerMs }),
  };
}

function concurrencyOf(value: unknown): number {
  if (Number.isSafeInteger(value) && Number(value) >= 1) return Number(value);
  throw new TypeError(complaint('a whole number from 1', value));
}

function lingerOf(value: unknown): number {
  const ms = parseDuration(value);
  if (ms <= longestLingerMs) return ms;
  throw new TypeError(complaint('a duration of at most 1d', value));
}
