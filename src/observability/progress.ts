import type { Cancel, Clock } from '../core/clock.ts';
import type { ServiceLog } from './log.ts';
import { wordStatus } from './log-lines.ts';
import { renderProgress } from './progress-lines.ts';
import type { Status } from './status.ts';
import { onSuddenEnd } from './sudden-end.ts';

const redrawMs = 250;
const lineMs = 10_000;
/** An unchanged line is repeated only this often, to show that the service is still running. */
const sameMs = 10 * 60_000;

export interface Progress {
  /** Removes the display and shows the cursor again. Idempotent. */
  stop(): void;
}

/**
 * Shows the progress of the run until it is stopped: pinned below the log on a terminal, elsewhere as a log line every
 * 10 s. `mode` is the option `progress`.
 */
export function startProgress(options: {
  mode: 'auto' | 'on' | 'off';
  log: ServiceLog;
  status: () => Status;
  /** True for a terminal, unless it is a dumb one. */
  canRedraw: boolean;
  /** The terminal's current columns, if known. */
  columns: () => number | undefined;
  color: boolean;
  clock: Clock;
}): Progress {
  const { mode, log, status, columns, color, clock } = options;
  if (mode === 'off') return { stop: () => {} };
  if (!options.canRedraw) return { stop: startLines(options) };

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

function startLines({ log, status, clock }: { log: ServiceLog; status: () => Status; clock: Clock }): Cancel {
  let last = { text: '', at: 0 };
  return clock.every(lineMs, () => {
    const line = wordStatus(status());
    const { perSecond: _, nextRetryInMs: __, ...fields } = line.fields;
    // Remaining times change in every line.
    const text = JSON.stringify(fields).replaceAll(/ in [\d.]+(ms|s|min|h)\b| for [\d.]+(ms|s|min|h)\b/g, '');
    if (text === last.text && clock.now() - last.at < sameMs) return;
    last = { text, at: clock.now() };
    log.write(line);
  });
}
