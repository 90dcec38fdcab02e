import { setTimeout as pause } from 'node:timers/promises';
import type { Comparison } from '../measure/comparison.ts';
import { processTree } from '../measure/process-tree.ts';
import { itemsOf, supervisorPeakMiB, twoConsumers, type BenchCase } from './throughput.ts';

const noMarks = ['--queue-high-items', '1000000000', '--queue-high-bytes', '100GiB'];
const lookEveryMs = 200;
const looks = 10;

/** The supervisor's memory with a deep queue, and after many items. Once each: it does not depend on what else runs. */
export const memory: BenchCase = async (stage) => {
  const queued = stage.scaled(1_000_000);
  const resident: number[] = [];
  const deep = await stage.millrace('backlog', [...twoConsumers, ...noMarks, '--stop-timeout', '1s'], {
    ...itemsOf(queued),
    // 75 if an item did not let itself be aborted in time.
    exitCodes: [0, 75],
    meanwhile: async (pid) => {
      await producerGone(pid);
      for (let i = 0; i < looks; i++) {
        await pause(lookEveryMs);
        resident.push(processTree(pid)[0]?.rssMiB ?? Number.NaN);
      }
      process.kill(pid, 'SIGTERM');
    },
  });
  const through = stage.scaled(5_000_000);
  const long = await stage.millrace('hand-off', twoConsumers, itemsOf(through));
  return [
    figure(`supervisor with ${queued.toLocaleString('en-US')} items queued`, Math.max(...resident)),
    figure('its peak on the way there', supervisorPeakMiB(deep)),
    figure(`supervisor after ${through.toLocaleString('en-US')} items`, long.processes[0]?.rssMiB ?? Number.NaN),
    figure('its peak on the way there', supervisorPeakMiB(long)),
  ];
};

function figure(what: string, value: number): Comparison {
  return { what, unit: 'MiB', digits: 0, product: [value] };
}

/** The producer leaves when all that it sent is stored. */
async function producerGone(pid: number): Promise<void> {
  const isThere = (): boolean => processTree(pid).some(({ commandLine }) => commandLine.includes('producer'));
  while (!isThere()) await pause(lookEveryMs);
  while (isThere()) await pause(lookEveryMs);
}
