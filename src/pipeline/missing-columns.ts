import { isSink } from '../sinks/port.ts';
import { isSourceSpec } from '../sources/port.ts';
import type { Finding } from './finding.ts';

/** Columns that a sink needs and that the source cannot have, where items go to the sink as they are. */
export function missingColumns({
  source,
  process,
  sink,
}: {
  source?: unknown;
  process?: unknown;
  sink?: unknown;
}): Finding[] {
  if (process !== undefined || !isSourceSpec(source) || !isSink(sink)) return [];
  const { columns } = source;
  if (columns === undefined) return [];
  const { sinks } = sink;
  return (sinks ?? [sink]).flatMap((each, i) =>
    (each.columnProblems?.(columns) ?? []).map(({ option, problem }) => ({
      path: ['sink', ...(sinks === undefined ? [] : [`sinks[${i}]`]), option],
      message: problem,
    })),
  );
}
