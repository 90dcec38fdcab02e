import type { Environment } from '../config/environment.ts';
import type { Settings } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import type { Redaction } from '../core/redaction.ts';
import { wantsColor } from '../observability/color.ts';
import type { EventBus } from '../observability/events.ts';
import { createLog, type ServiceLog } from '../observability/log.ts';
import { startProgress } from '../observability/progress.ts';
import type { Status } from '../observability/status.ts';
import { renderSummary } from '../observability/summary.ts';

/** Everything that appears on standard error, from the first line of the log to the summary. */
export interface Showing {
  readonly settings: Pick<Settings, 'progress'>;
  readonly log: ServiceLog;
  readonly clock: Clock;
  readonly isTerminal: boolean;
  /** Whether output can be redrawn. */
  readonly canRedraw: boolean;
  readonly color: boolean;
  close: () => Promise<void>;
}

/** Starts the log. It goes to standard error; standard output is for data. */
export function startShowing(options: {
  settings: Pick<Settings, 'logLevel' | 'logFormat' | 'progress'>;
  environment: Environment;
  /** Whether the log shows stacks of errors. */
  stacks: boolean;
  redaction: Redaction;
  clock: Clock;
  events: EventBus;
}): Showing {
  const { settings, environment, stacks, redaction, clock, events } = options;
  const isTerminal = process.stderr.isTTY;
  const color = wantsColor(environment, isTerminal);
  const { logLevel: level, logFormat: format } = settings;
  const log = createLog({ level, format, isTerminal, color, stacks, redaction, clock });
  const unsubscribe = log.subscribe(events);
  return {
    settings,
    log,
    clock,
    isTerminal,
    canRedraw: isTerminal && environment['TERM'] !== 'dumb',
    color,
    close: async () => {
      unsubscribe();
      await log.close();
    },
  };
}

/** Shows a run: its progress and, on a terminal, a summary at its end. Returns a function that ends this. */
export function showRun(
  { log, clock, isTerminal, canRedraw, color, settings }: Showing,
  { status, cwd }: { status: () => Status; cwd: string },
): () => void {
  const progress = startProgress({
    mode: settings.progress,
    log,
    status,
    canRedraw,
    columns: () => process.stderr.columns,
    color,
    clock,
  });
  return () => {
    progress.stop();
    if (isTerminal) for (const line of renderSummary(status(), { cwd, color })) log.output.write(line, true);
  };
}
