import { relative } from 'node:path';
import type { Problem } from '../ipc/messages.ts';

/** One line for each: `pokedex.ts:12: limits.vendor.rate: expected …`; paths as seen from `cwd`, if below it. */
export function formatProblems(problems: readonly Problem[], cwd: string = process.cwd()): string {
  return problems.map((problem) => formatProblem(problem, cwd)).join('\n');
}

function formatProblem({ file, line, column, field, message }: Problem, cwd: string): string {
  const path = relative(cwd, file);
  const shown = path === '' || path.startsWith('..') ? file : path;
  const place = [shown, line, column].filter((part) => part !== undefined).join(':');
  const oneLine = message.replaceAll(/\s*\n\s*/g, ' ');
  return [place, ...(field === undefined ? [] : [field]), oneLine].join(': ');
}
