import type { Consumer, Evidence } from './evidence.ts';
import { tell, type Problem } from './problem.ts';

/**
 * At least once, and not more often than needed: an item that a process had committed may be done again only if the process
 * died with it in hand. A process settles in the order of its commits. So the unsettled commits of a process that died are
 * its last ones, and all of them were settled by other processes. The first of these may be settled in part: if another
 * sink refuses one of its rows, its items are settled in several steps. A process that ended cleanly had settled all of its
 * commits. So no item can have been settled by two processes.
 */
export function repeatProblems({ consumers, dead }: Evidence): Problem[] {
  /** How often each item was settled, or at least committed, by any process. */
  const times = new Map<number, number>();
  const count = (seq: number): void => void times.set(seq, (times.get(seq) ?? 0) + 1);
  for (const { commits } of consumers) for (const seq of new Set(commits.flatMap(({ seqs }) => seqs))) count(seq);
  for (const { seq } of dead) count(seq);

  const settledBy = new Map<number, number>();
  const wrong: { seq: number; writers: [number, number] }[] = [];
  for (const consumer of consumers) {
    for (const seq of certainlySettled(consumer, (each) => times.get(each)! > 1)) {
      const other = settledBy.get(seq);
      if (other !== undefined) wrong.push({ seq, writers: [other, consumer.writer] });
      settledBy.set(seq, consumer.writer);
    }
  }
  const problems: Problem[] = [];
  tell(problems, 'twice', wrong, ({ seq, writers }) => {
    return `item ${seq} was done by process ${writers.join(' and by process ')}, and neither died while it had the item`;
  });
  return problems;
}

/**
 * The items of all commits except those that may have been in hand: the last ones, as long as their items were settled by
 * another process, too.
 */
function certainlySettled({ commits, hasClosed }: Consumer, isOfSeveral: (seq: number) => boolean): Set<number> {
  if (hasClosed) return new Set(commits.flatMap(({ seqs }) => seqs));
  let end = commits.length;
  while (end > 0 && commits[end - 1]!.seqs.every(isOfSeveral)) end -= 1;
  const last = commits[end - 1]?.seqs.filter((seq) => !isOfSeveral(seq)) ?? [];
  return new Set([...commits.slice(0, Math.max(end - 1, 0)).flatMap(({ seqs }) => seqs), ...last]);
}
