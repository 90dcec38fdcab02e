import { performance } from 'node:perf_hooks';
import type { Cancel, Clock } from '../core/clock.ts';
import type { Beat } from '../ipc/messages.ts';

/** Reports to the supervisor every `beatMs` that this process is alive, and what it is doing. */
export function startBeat(options: {
  clock: Clock;
  beatMs: number;
  /** This process's resident memory, in bytes. */
  rss: () => number;
  send: (beat: Beat) => void;
  state: () => Pick<Beat, 'lent' | 'started' | 'oldestMs' | 'waiting'>;
}): Cancel {
  let last = performance.eventLoopUtilization();
  const beat = (): void => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    options.send({ type: 'beat', rss: options.rss(), utilisation: utilization, ...options.state() });
  };
  beat();
  return options.clock.every(options.beatMs, beat);
}
