import { isSecretKey } from '../core/secret-names.ts';
import { withoutSecrets } from '../core/without-secrets.ts';
import { cutText } from './printable.ts';

/**
 * Fields for the log: secrets taken out, made small. What is hidden: values whose key looks like a secret's or was
 * given as one, and what `withoutSecrets` finds in texts.
 */

const depthLimit = 4;
const widthLimit = 50;
const fieldLimit = 8192;
/** What the splitter of children's output lets through. */
const messageLimit = 65_536;

const hidden = '[redacted]';

/** `fields` without secrets, at most 4 deep, 50 wide and 8,192 characters a text, ready for `JSON.stringify`. Never throws. */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  try {
    return redactEntries(fields, 0);
  } catch {
    return { unreadable: true };
  }
}

/** `text`, at most `limit` characters of it, without the secrets that can be recognised in it. */
export function redactText(text: string, limit = messageLimit): string {
  return withoutSecrets(cutText(text, limit));
}

function redactEntries(fields: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(fields).slice(0, widthLimit);
  return Object.fromEntries(
    entries.map(([key, value]) => [
      cutText(key, 200),
      isSecretKey(key, value) ? hidden : redactValue(value, depth + 1),
    ]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value, fieldLimit);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'object' && value !== null) return redactObject(value, depth);
  if (typeof value === 'function') return '[function]';
  return typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : value;
}

function redactObject(value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Error) return redactText(value.message, fieldLimit);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (depth >= depthLimit) return Array.isArray(value) ? '[…]' : '{…}';
  if (Array.isArray(value)) return value.slice(0, widthLimit).map((element) => redactValue(element, depth + 1));
  if (value instanceof Set) return redactObject([...value], depth);
  if (value instanceof Map) return redactEntries(Object.fromEntries(value) as object, depth);
  return redactEntries(value, depth);
}
