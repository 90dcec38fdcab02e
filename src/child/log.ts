import type { Log as LogMessage } from '../ipc/messages.ts';
import type { Log } from '../pipeline/context.ts';

/** The log that user code is given: its lines go to the supervisor's one log. */
export function childLog(send: (message: LogMessage) => void): Log {
  const at =
    (level: LogMessage['level']) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      send({ type: 'log', level, message: String(message), fields: plain(fields) });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Fields as JSON can carry them: a log line must never be what breaks an item. */
function plain(fields: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  if (fields === undefined) return {};
  try {
    const text = JSON.stringify(fields, (_key, value: unknown) => {
      if (typeof value === 'bigint') return value.toString();
      if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
      return value;
    });
    const copy: unknown = JSON.parse(text);
    return typeof copy === 'object' && copy !== null && !Array.isArray(copy)
      ? (copy as Record<string, unknown>)
      : { fields: copy };
  } catch (error) {
    return { fields: `could not be written as JSON: ${String(error)}` };
  }
}
