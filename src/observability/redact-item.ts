import { isSecretKey, redactText } from './redact.ts';

/** `json`, which has been parsed, without what looks like a secret: by its key, or in a URL. Nothing of it is cut. */
export function redactItem(json: unknown): unknown {
  if (typeof json === 'string') return redactText(json, Infinity);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(redactItem);
  const entries = Object.entries(json);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isSecretKey(key, value) ? '[redacted]' : redactItem(value)]),
  );
}
