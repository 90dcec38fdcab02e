import type { Cancel, Clock } from '../core/clock.ts';
import type { ServiceLog } from './log.ts';
import { wordStatus } from './log-lines.ts';
import { renderProgress } from './progress-lines.ts';
import type { Status } from './status.ts';
import { onSuddenEnd } from './sudden-end.ts';

const redrawMs = 250;
const lineMs = 10_000;
/** An unchanged line is repeated only this often, to show that the service is alive. */
const sameMs = 10 * 60_000;

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
  log: ServiceLog;
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
