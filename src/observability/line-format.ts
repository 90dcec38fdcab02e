import type { Redaction } from '../core/redaction.ts';
import { painter, type Color } from './color.ts';
import { nameOf, type Who } from './events.ts';
import type { Level, LogLine } from './log-lines.ts';
import { printable, printableJson } from './printable.ts';
import { redactFields, redactText } from './redact.ts';

/** A complete log line, with its time in milliseconds since 1970. */
export interface LogRecord extends LogLine {
  time: number;
  who: Who;
}

export type LineFormat = (record: LogRecord) => string;

/** One JSON object: time, level, message, role, ordinal, pid, event, and the fields. */
export function jsonLine(redaction: Redaction): LineFormat {
  return ({ time, level, message, who, event, fields }) => {
    const head = {
      time: new Date(time).toISOString(),
      level,
      message: redactText(redaction, message),
      role: who.role,
      ordinal: who.ordinal,
      pid: who.pid,
      event,
    };
    const own: Record<string, unknown> = { ...head };
    // A field must not replace a standard field of the same name.
    for (const [key, value] of Object.entries(redactFields(redaction, fields)))
      own[key in head ? `${key}_` : key] = value;
    return printableJson(JSON.stringify(own));
  };
}

const levelColors: Record<Level, Color> = { error: 'red', warn: 'yellow', info: 'green', debug: 'dim' };
const longestWho = 'consumer 10 1234567'.length;

/** For people: local time, level, process and pid, words, `key=value`. */
export function prettyLine(redaction: Redaction, isColored: boolean): LineFormat {
  const paint = painter(isColored);
  return ({ time, level, message, who, fields }) => {
    const parts = [
      paint('dim', clockTime(time)),
      paint(levelColors[level], level.toUpperCase().padEnd(5)),
      paint('dim', whoText(who).padEnd(longestWho)),
      printable(redactText(redaction, message)),
    ];
    for (const [key, value] of Object.entries(redactFields(redaction, fields))) {
      if (value !== undefined && value !== null) parts.push(`${paint('dim', `${printable(key)}=`)}${fieldText(value)}`);
    }
    return parts.join(' ');
  };
}

function whoText(who: Who): string {
  return `${nameOf(who)}${who.pid === undefined ? '' : ` ${who.pid}`}`;
}

function clockTime(time: number): string {
  const at = new Date(time);
  return `${digits(at.getHours())}:${digits(at.getMinutes())}:${digits(at.getSeconds())}.${digits(at.getMilliseconds(), 3)}`;
}

function digits(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}

function fieldText(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"'=\\]+$/.test(value)) return printable(value);
  return printableJson(JSON.stringify(value));
}
