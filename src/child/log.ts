import { isRecord } from '../core/is-record.ts';
import { parseJson, writeJson } from '../core/json.ts';
import type { LogMessage } from '../ipc/messages.ts';
import type { Log } from '../pipeline/context.ts';

/** The longest message, and the longest JSON of its fields, in characters: a log line must not break a channel. */
const messageLimit = 64 * 1024;
const fieldsLimit = 64 * 1024;

/** The log for user code: its lines go to the supervisor's one log. It never throws, whatever its arguments. */
export function childLog(send: (message: LogMessage) => void): Log {
  const at =
    (level: LogMessage['level']) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      send({ type: 'log', level, message: text(message), fields: plain(fields) });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function text(message: unknown): string {
  try {
    const whole = String(message);
    return whole.length > messageLimit ? `${whole.slice(0, messageLimit)}…` : whole;
  } catch {
    return `(a message that is not text: ${typeof message})`;
  }
}

/** Fields in a form that JSON can carry: a log line must never break an item. */
function plain(fields: unknown): Record<string, unknown> {
  if (fields === undefined) return {};
  try {
    const json = writeJson(fields, (_key, value: unknown) => {
      if (typeof value === 'bigint') return value.toString();
      if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
      if (value instanceof Set) return [...(value as Set<unknown>)];
      if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
      return value;
    }) as string | undefined;
    if (json === undefined) return { fields: `expected an object, got a ${typeof fields}` };
    if (json.length > fieldsLimit) return { fields: `${json.slice(0, 1000)}… (${json.length} characters)` };
    const copy: unknown = parseJson(json);
    return isRecord(copy) ? copy : { fields: copy };
  } catch (error) {
    return { fields: `could not be written as JSON: ${text(error)}` };
  }
}
