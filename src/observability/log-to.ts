import type { Clock } from '../core/clock.ts';
import type { Redaction } from '../core/redaction.ts';
import { isThenable } from '../core/thenable.ts';
import type { EventBus, Who } from './events.ts';
import { ranks, wordEvent, type Level, type LogLine } from './log-lines.ts';
import { redactFields, redactText } from './redact.ts';
import { createThinning } from './thinning.ts';

/** A log line as a program receives it. */
export interface ToldLine {
  time: number;
  level: Level;
  message: string;
  event: string;
  role: Who['role'];
  ordinal: number;
  pid: number | undefined;
  fields: Record<string, unknown>;
}

/**
 * Passes each log line from `level` up to a program's function, thinned and without secrets. Returns a function that
 * ends this. Errors of the program's function, which may be async, are ignored: the service must not fail because its log
 * does.
 */
export function logTo(
  events: EventBus,
  options: { log: (line: ToldLine) => unknown; level: Level; redaction: Redaction; clock: Clock },
): () => void {
  const { log, level, redaction, clock } = options;
  const isWanted = (line: LogLine): boolean => ranks[line.level] <= ranks[level];
  const thinning = createThinning(clock, (line) => {
    if (!isWanted(line)) return;
    const { message, event, fields, who } = line;
    try {
      const answer: unknown = log({
        time: clock.wall(),
        level: line.level,
        message: redactText(redaction, message),
        event,
        role: who?.role ?? 'supervisor',
        ordinal: who?.ordinal ?? 0,
        pid: who ? who.pid : process.pid,
        fields: redactFields(redaction, fields),
      });
      if (isThenable(answer)) answer.then(undefined, () => undefined);
    } catch {
      // As documented above.
    }
  });
  const unsubscribe = events.subscribe((name, event) => {
    const line = wordEvent(name, event);
    if (isWanted(line)) thinning.write(line);
  });
  return () => {
    unsubscribe();
    thinning.end();
  };
}
