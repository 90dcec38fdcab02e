/**
 * Finds params that a source, processor or sink needs and that the pipeline does not declare. Users cannot give such a
 * param a value, so the field could never be filled in.
 */
import { isRecord } from '../core/is-record.ts';
import { didYouMean } from '../core/nearest.ts';
import { isProcessor } from '../processors/port.ts';
import { isSink } from '../sinks/port.ts';
import { isSourceSpec } from '../sources/port.ts';
import type { ParamSpec } from '../values/param.ts';
import { paramsIn } from '../values/text.ts';
import type { Finding } from './finding.ts';

type Path = readonly string[];

interface Use {
  path: Path;
  spec: ParamSpec<unknown>;
}

/** Such params in the fields of `pipeline`. `nameOf`: what the file calls a param, if that is known. */
export function undeclaredParams(
  { params = {}, source, process, sink }: { params?: unknown; source?: unknown; process?: unknown; sink?: unknown },
  nameOf: (spec: ParamSpec<unknown>) => string | undefined,
): Finding[] {
  // Reported as a field.
  if (!isRecord(params)) return [];
  const declared = Object.values(params);
  return [
    ...(isSourceSpec(source) ? usesBy(source, ['source']) : []),
    ...(isProcessor(process) ? usesBy(process, ['process']) : []),
    ...usesBySink(sink),
  ]
    .filter(({ spec }) => !declared.includes(spec))
    .map(({ path, spec }) => ({ path, message: messageFor(nameOf(spec), Object.keys(params)) }));
}

function messageFor(name: string | undefined, declared: readonly string[]): string {
  const list = declared.length === 0 ? 'the pipeline declares none' : `declared: ${declared.join(', ')}`;
  if (name === undefined) {
    return `uses a param that params does not have (${list}); make it once, const shelf = param.string(), and declare it: params: { shelf }`;
  }
  const advice = didYouMean(name, declared) || `; declare it: params: { ${name} }`;
  return declared.includes(name)
    ? `uses another param ${name} than the one in params; make it once, const ${name} = …, and use that in both places`
    : `uses the param ${name}, which params does not have (${list})${advice}`;
}

function usesBySink(sink: unknown): Use[] {
  if (!isSink(sink)) return [];
  if (sink.sinks === undefined) return usesBy(sink, ['sink']);
  return sink.sinks.flatMap((each, i) => usesBy(each, ['sink', `sinks[${i}]`]));
}

/** A connector that does not keep its options still has a target. The name of the field is then unknown. */
function usesBy({ options, target }: { options?: object; target: unknown }, path: Path): Use[] {
  const inOptions = usesIn(options, path, new Set());
  const inTarget = paramsIn(target).filter((spec) => !inOptions.some((use) => use.spec === spec));
  return [...inOptions, ...inTarget.map((spec) => ({ path, spec }))];
}

function usesIn(value: unknown, path: Path, seen: Set<unknown>): Use[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  const specs = paramsIn(value);
  if (specs.length > 0) return specs.map((spec) => ({ path, spec }));
  seen.add(value);
  return Object.entries(value).flatMap(([name, part]) => usesIn(part, [...path, name], seen));
}
