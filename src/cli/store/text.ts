import { plural } from '../../core/figures.ts';
import { printable } from '../../observability/printable.ts';
import type { SpoolReport } from '../../queue/spool/verify.ts';

export function hasNoProblems({ problems }: SpoolReport): boolean {
  return problems.length === 0;
}

/** What `millrace store verify` shows: the contents, and each problem. */
export function verifyText(report: SpoolReport): string {
  const { file, schema, run, items, problems } = report;
  const { waiting, retrying, dead } = items;
  const lines = [
    file,
    `    ${plural(waiting, 'item')} waiting, ${plural(retrying, 'retry', 'retries')}, ${plural(dead, 'dead letter')}; ` +
      `${run ? `run ${run.run}, ${run.state}` : 'no run yet'}; schema ${schema}`,
    ...problems.map((problem) => `    ! ${printable(problem)}`),
    hasNoProblems(report)
      ? 'no problems found'
      : `${plural(problems.length, 'problem')} found. Nothing was changed. Restore the file from a backup, or start over with --fresh, which archives it`,
  ];
  return `${lines.join('\n')}\n`;
}
