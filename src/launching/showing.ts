import { backupJob } from '../control/backup-job.ts';
import { startControl } from '../control/server.ts';
import type { Environment } from '../config/environment.ts';
import type { Settings } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import type { Redaction } from '../core/redaction.ts';
import { wantsColor } from '../observability/color.ts';
import type { EventBus } from '../observability/events.ts';
import { createLog, type ServiceLog } from '../observability/log.ts';
import { startProgress } from '../observability/progress.ts';
import { renderSummary } from '../observability/summary.ts';
import { readDeadLetters } from '../queue/spool/dead-letters.ts';
import { LetterBox } from '../queue/letter-box.ts';
import type { Spool } from '../queue/spool/spool.ts';
import type { Service } from '../supervision/tick/service.ts';
import { toldLetters } from './told-letters.ts';

/** What is shown of a run, from the first line of the log to the summary. */
export interface Showing {
  readonly settings: Pick<Settings, 'progress'>;
  readonly log: ServiceLog;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly isTerminal: boolean;
  /** Whether what was written can be taken back. */
  readonly canRedraw: boolean;
  readonly color: boolean;
  close: () => Promise<void>;
}

/** Starts the log. Everything goes to standard error; standard output is for data. */
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
    events,
    isTerminal,
    canRedraw: isTerminal && environment['TERM'] !== 'dumb',
    color,
    close: async () => {
      unsubscribe();
      await log.close();
    },
  };
}

/** Shows a running service: progress, and the control socket. What it returns ends both and says how it went. */
export async function showService(options: {
  showing: Showing;
  service: Service;
  spool: Pick<Spool, 'store' | 'backUp'>;
  maxItemBytes: number;
  socketPath: string;
  folder: string;
}): Promise<() => Promise<void>> {
  const { showing, service, spool, maxItemBytes, socketPath, folder } = options;
  const { log, clock, events, isTerminal, canRedraw, color, settings } = showing;
  const status = () => service.status;
  const progress = startProgress({
    mode: settings.progress,
    log,
    status,
    canRedraw,
    columns: () => process.stderr.columns,
    color,
    clock,
  });
  const control = await startControl({
    socketPath,
    status,
    reload: () => service.reload(),
    dead: (query) => readDeadLetters(spool.store, query),
    backup: backupJob((file, onProgress) => spool.backUp({ file, onProgress })),
    letters: toldLetters(new LetterBox(spool.store, (work) => service.change(work), { maxItemBytes }), events),
    warn: (message) => events.emit('warning', { code: 'CONTROL', message }),
  });
  return async () => {
    progress.stop();
    await control.close();
    if (isTerminal) for (const line of renderSummary(service.status, { folder, color })) log.output.write(line, true);
  };
}
