import { relative } from 'node:path';
import type { Problem } from '../ipc/messages.ts';

/** One line for each: `pokedex.ts:12: limits.vendor.rate: expected …`; paths as seen from `folder`, if below it. */
export function formatProblems(problems: readonly Problem[], folder: string = process.cwd()): string {
  return problems.map((problem) => formatProblem(problem, folder)).join('\n');
}

function formatProblem({ file, line, column, field, message }: Problem, folder: string): string {
  const path = relative(folder, file);
  const shown = path === '' || path.startsWith('..') ? file : path;
  const place = [shown, line, column].filter((part) => part !== undefined).join(':');
  const oneLine = message.replaceAll(/\s*\n\s*/g, ' ');
  return [place, ...(field === undefined ? [] : [field]), oneLine].join(': ');
}
