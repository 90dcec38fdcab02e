import type { Redaction } from '../core/redaction.ts';
import { cutText } from './printable.ts';

/** Fields for the log, made small and without secrets: see Redaction. */

const depthLimit = 4;
const widthLimit = 50;
const fieldLimit = 8192;
/** The longest line that the splitter of children's output passes. */
const messageLimit = 65_536;

const hidden = '[redacted]';

/**
 * `fields` without secrets, at most 4 levels deep, 50 entries wide and 8,192 characters per text, ready for
 * `JSON.stringify`. Never throws.
 */
export function redactFields(redaction: Redaction, fields: Record<string, unknown>): Record<string, unknown> {
  try {
    return redactEntries(redaction, fields, 0);
  } catch {
    return { unreadable: true };
  }
}

/** At most `limit` characters of `text`, without the secrets that are recognised in it. */
export function redactText(redaction: Redaction, text: string, limit = messageLimit): string {
  return redaction.text(cutText(text, limit));
}

function redactEntries(redaction: Redaction, fields: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(fields).slice(0, widthLimit);
  return Object.fromEntries(
    entries.map(([key, value]) => [
      cutText(key, 200),
      redaction.isSecret(key, value) ? hidden : redactValue(redaction, value, depth + 1),
    ]),
  );
}

function redactValue(redaction: Redaction, value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(redaction, value, fieldLimit);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'object' && value !== null) return redactObject(redaction, value, depth);
  if (typeof value === 'function') return '[function]';
  return typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : value;
}

function redactObject(redaction: Redaction, value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Error) return redactText(redaction, value.message, fieldLimit);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (depth >= depthLimit) return Array.isArray(value) ? '[…]' : '{…}';
  if (Array.isArray(value))
    return value.slice(0, widthLimit).map((element) => redactValue(redaction, element, depth + 1));
  if (value instanceof Set) return redactObject(redaction, [...value], depth);
  if (value instanceof Map) return redactEntries(redaction, Object.fromEntries(value) as object, depth);
  return redactEntries(redaction, value, depth);
}
