import type { Clock } from '../core/clock.ts';
import type { Log } from './log.ts';
import { wordStatus } from './log-lines.ts';
import { renderProgress } from './progress-lines.ts';
import type { Status } from './status.ts';
import { onSuddenEnd } from './sudden-end.ts';

const redrawMs = 250;
const lineMs = 10_000;

export interface Progress {
  /** Takes the display away and shows the cursor again. Idempotent. */
  stop(): void;
}

/**
 * Shows how the run is going until it is stopped: pinned below the log on a terminal, elsewhere as a line in the log
 * every 10 s. `mode` is the option `progress`.
 */
export function startProgress(options: {
  mode: 'auto' | 'on' | 'off';
  log: Log;
  status: () => Status;
  /** Of a terminal, unless that is a dumb one. */
  canRedraw: boolean;
  /** The terminal's columns as they are now, if it says. */
  columns: () => number | undefined;
  color: boolean;
  clock: Clock;
}): Progress {
  const { mode, log, status, columns, color, clock } = options;
  if (mode === 'off') return { stop: () => {} };
  if (!options.canRedraw) return { stop: clock.every(lineMs, () => log.write(wordStatus(status()))) };

  const { output } = log;
  const draw = (): void => output.pin(renderProgress(status(), (columns() || 80) - 1, color));
  const cancel = clock.every(redrawMs, draw);
  const restore = onSuddenEnd(() => output.pin([]));
  draw();
  return {
    stop() {
      cancel();
      restore();
      output.pin([]);
    },
  };
}
