import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from '../measure/comparison.ts';
import { statusWhen } from '../measure/status.ts';
import { nowNs } from '../marks.ts';
import type { Stage } from '../stage.ts';
import { memoryNow, twoConsumers, type BenchCase } from './throughput.ts';

/** 75 if an item ignored the abort for too long. */
const stopped = { exitCodes: [0, 75] };
const swing = 50_000;

/** What a deep queue costs: the items per second that pass through it, and the memory of each process. */
export const depth: BenchCase = async (stage) => {
  const [none, deep, deepest] = [0, stage.scaled(1_000_000), stage.scaled(10_000_000)] as const;
  const perSecond = new Map<number, number[]>();
  const memory: Comparison[] = [];
  for (const queued of [none, deep, deepest]) {
    const state = join(stage.directory, `depth-${queued}`);
    let resident = new Map<string, number>();
    const values: number[] = [];
    for (let round = 0; round < stage.rounds; round++) {
      // The first round fills an empty queue; later rounds refill what the previous round took out.
      if (queued > 0) resident = await fill(stage, state, queued);
      values.push(await flow(stage, state, queued));
    }
    perSecond.set(queued, values);
    rmSync(state, { recursive: true, force: true });
    if (queued === deepest) {
      for (const [role, mebibytes] of resident) {
        memory.push({ what: `${named(queued)} queued: ${role}`, unit: 'MiB', digits: 0, product: [mebibytes] });
      }
    }
  }
  return [
    ...[...perSecond].map(([queued, product]): Comparison => {
      const figure = { what: `items/s with ${named(queued)} queued`, unit: 'items/s', digits: 0, product };
      return queued === none ? figure : { ...figure, beside: { name: 'none queued', values: perSecond.get(none)! } };
    }),
    ...memory,
  ];
};

/** Flags that keep the queue that deep: the producer resumes as soon as a few items have left. */
function marks(queued: number): string[] {
  if (queued === 0) return [];
  const low = Math.max(1, queued - swing);
  return ['--queue-high-items', `${queued}`, '--queue-low-items', `${low}`, '--queue-high-bytes', '100GiB'];
}

/** Resident memory of each role in MiB when the queue is full. */
async function fill(stage: Stage, state: string, queued: number): Promise<Map<string, number>> {
  const resident = new Map<string, number>();
  await stage.millrace('deep', [...twoConsumers, ...marks(queued), '--stop-timeout', '1s'], {
    ...stopped,
    state,
    env: { BENCH_HOLD: '1' },
    meanwhile: async (pid) => {
      await statusWhen(state, pid, ({ queue }) => queue.throttled);
      for (const [role, mebibytes] of memoryNow(pid)) resident.set(role, Math.max(...mebibytes));
      process.kill(pid, 'SIGTERM');
    },
  });
  return resident;
}

/**
 * Items per second through the queue, once it is running: the mean of the incoming and the outgoing items, because a
 * deep queue may lose items faster than it gets new ones.
 */
async function flow(stage: Stage, state: string, queued: number): Promise<number> {
  const [from, to] = [stage.scaled(100_000), stage.scaled(600_000)];
  let perSecond = Number.NaN;
  await stage.millrace('deep', [...twoConsumers, ...marks(queued)], {
    ...stopped,
    state,
    meanwhile: async (pid) => {
      const doneNow = async (least: number): Promise<{ at: number; moved: number }> => {
        const { items } = await statusWhen(state, pid, ({ items: { done, doneBefore } }) => done - doneBefore >= least);
        return { at: nowNs(), moved: (items.stored + items.done) / 2 };
      };
      const begin = await doneNow(from);
      const end = await doneNow(to);
      perSecond = (end.moved - begin.moved) / ((end.at - begin.at) / 1e9);
      process.kill(pid, 'SIGTERM');
    },
  });
  return perSecond;
}

function named(items: number): string {
  return items === 0 ? 'none' : items.toLocaleString('en-US');
}
