import { setTimeout as pause } from 'node:timers/promises';
import type { Comparison } from '../measure/comparison.ts';
import { statusWhen } from '../measure/status.ts';
import { nowNs } from '../marks.ts';
import { join } from 'node:path';
import { stateDirectory } from '../stage.ts';
import { memoryNow, twoConsumers, type BenchCase } from './throughput.ts';

const minutes = [1, 5, 10];

/** Ten minutes at full speed: the memory of each process over time. */
export const load: BenchCase = async (stage) => {
  const comparisons: Comparison[] = [];
  await stage.millrace('deep', twoConsumers, {
    exitCodes: [0, 75],
    meanwhile: async (pid, directory) => {
      const state = join(directory, stateDirectory);
      await statusWhen(state, pid, ({ items }) => items.done > 0);
      const beganNs = nowNs();
      for (const minute of minutes.map((each) => each * stage.scale)) {
        await pause(minute * 60_000 - (nowNs() - beganNs) / 1e6);
        const { items } = await statusWhen(state, pid, () => true);
        for (const [role, product] of memoryNow(pid)) {
          const what = `${role} at minute ${minute}, ${(items.done / 1e6).toFixed(0)} million items done`;
          comparisons.push({ what, unit: 'MiB', digits: 0, product });
        }
      }
      process.kill(pid, 'SIGTERM');
    },
  });
  return comparisons;
};
