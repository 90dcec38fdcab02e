import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from '../measure/comparison.ts';
import { recoveries, type Kill, type Step } from '../measure/recovery.ts';
import { percentile } from '../measure/spread.ts';
import { statusWhen } from '../measure/status.ts';
import { nowNs } from '../marks.ts';
import { totalRestarts, type Status } from '../../src/observability/status.ts';
import { stateDirectory } from '../stage.ts';
import { twoConsumers, type BenchCase } from './throughput.ts';

const killsPerRound = 10;

/** Consumers are killed while they run 16 items of 50 ms: how long until these items run again. */
export const recovery: BenchCase = async (stage) => {
  const delays: { firstMs: number; lastMs: number }[] = [];
  for (let round = 0; round < stage.rounds; round++) {
    const kills: Kill[] = [];
    let steps: Step[] = [];
    await stage.millrace('recovery', [...twoConsumers, '--crash-limit', '1000'], {
      exitCodes: [0, 75],
      meanwhile: async (pid, directory) => {
        const state = join(directory, stateDirectory);
        for (let i = 0; i < killsPerRound; i++) {
          const { processes } = await statusWhen(state, pid, (status) => isCalm(status, i));
          const victim = processes.find(({ who }) => who.role === 'consumer' && who.ordinal === (i % 2) + 1)!.who.pid!;
          kills.push({ pid: victim, atNs: nowNs() });
          process.kill(victim, 'SIGKILL');
        }
        await statusWhen(state, pid, (status) => isCalm(status, killsPerRound));
        process.kill(pid, 'SIGTERM');
      },
      check: (directory) => {
        steps = readSteps(join(directory, 'marks'));
      },
    });
    delays.push(...recoveries(kills, steps));
  }
  return (['firstMs', 'lastMs'] as const).flatMap((which) =>
    [50, 99].map((percent): Comparison => {
      const item = which === 'firstMs' ? 'first' : 'last';
      return {
        what: `${delays.length} kills: ${item} interrupted item runs again, p${percent}`,
        unit: 'ms',
        digits: 0,
        product: [
          percentile(
            delays.map((delay) => delay[which]),
            percent,
          ),
        ],
      };
    }),
  );
};

/** Whether the pipeline has recovered from this many kills: both consumers work, and no item is accused any more. */
function isCalm(status: Status, kills: number): boolean {
  const consumers = status.processes.filter(({ who }) => who.role === 'consumer');
  const areWorking =
    consumers.length === 2 && consumers.every(({ state, started }) => state === 'ready' && started > 0);
  return areWorking && status.queue.accused === 0 && totalRestarts(status) === kills;
}

function readSteps(marks: string): Step[] {
  const traces = readdirSync(marks).filter((name) => name.startsWith('trace.'));
  return traces.flatMap((name) => {
    const lines = readFileSync(join(marks, name), 'utf8').split('\n').filter(Boolean);
    return lines.map((line): Step => {
      const [seq, what, atNs] = line.split(' ') as [string, Step['what'], string];
      return { pid: Number(name.slice('trace.'.length)), seq: Number(seq), what, atNs: Number(atNs) };
    });
  });
}
