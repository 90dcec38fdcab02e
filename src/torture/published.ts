/**
 * What a sink of parts has published: of each writer's commits those that lie before the end of its part, as the queue has
 * settled it. Pure.
 */
import type { Commit, Evidence } from './evidence.ts';
import { tell, type Problem } from './problem.ts';

/** The seqs whose rows count, each as often as they do. */
export function publishedSeqs({ consumers, parts, dead }: Evidence, problems: Problem[]): number[] {
  const ends = new Map(parts.map(({ writer, end }) => [writer, end]));
  const published: number[] = [];
  /** Items without rows: their commit has not moved the end, so it does not show whether they were settled. */
  const uncertain: number[] = [];
  for (const { writer, commits } of consumers) {
    const end = ends.get(writer);
    ends.delete(writer);
    if (end === undefined) continue;
    const last = commits.findIndex(({ part }) => part === end);
    if (last < 0) {
      const text = `the part of process ${writer} counts up to ${end}, where no commit of it has ended`;
      problems.push({ kind: 'invented', count: 1, text });
    }
    published.push(...seqsOf(commits.slice(0, last + 1)));
    uncertain.push(...seqsOf(commits.slice(last + 1).filter(({ part }) => part === end)));
  }
  tell(problems, 'invented', [...ends.keys()], (writer) => `a part counts whose process ${writer} has left no journal`);
  const settled = new Set([...published, ...dead.map(({ seq }) => seq)]);
  return [...published, ...new Set(uncertain.filter((seq) => !settled.has(seq)))];
}

/** The sink must have been finished, and every time with the parts as they are at the end: nothing settles after that. */
export function finishProblems({ finishes, parts, delivery }: Evidence): Problem[] {
  if (!finishes) return [];
  const problems: Problem[] = [];
  if (!finishes.some(({ hasReturned }) => hasReturned)) {
    problems.push({ kind: 'unfinished', count: 1, text: 'the run is over, but the sink was never finished' });
  }
  const expected = inWords(parts);
  const wrong = delivery === 'part' ? finishes.filter((finish) => inWords(finish.parts) !== expected) : [];
  tell(problems, 'altered', wrong, (finish) => {
    return `the sink was finished with other parts than those that count: ${inWords(finish.parts)} instead of ${expected}`;
  });
  return problems;
}

function inWords(parts: Evidence['parts']): string {
  const sorted = parts.toSorted((a, b) => a.writer - b.writer);
  return sorted.map(({ writer, end }) => `process ${writer} up to ${end}`).join(', ') || 'none';
}

function seqsOf(commits: readonly Commit[]): number[] {
  return commits.flatMap(({ seqs }) => seqs);
}
