import type { DeadLetter } from '../core/dead-letters.ts';
import type { Redaction } from '../core/redaction.ts';
import { redactText } from './redact.ts';

/**
 * A dead letter, whose item is plain JSON, for display. Secrets were removed from its errors before they were stored,
 * but only those that were known as secrets at that time.
 */
export function redactLetter(redaction: Redaction, letter: DeadLetter): DeadLetter {
  const { reason, error, history, item } = letter;
  return {
    ...letter,
    reason: redaction.text(reason),
    error: redaction.error(error),
    history: history.map((past) => ({ ...past, message: redaction.text(past.message) })),
    item: redactItem(redaction, item),
  };
}

/**
 * Parsed `json` without values that look like secrets by their key, or that are secrets in a URL. Nothing is truncated.
 */
export function redactItem(redaction: Redaction, json: unknown): unknown {
  if (typeof json === 'string') return redactText(redaction, json, Infinity);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((element) => redactItem(redaction, element));
  const entries = Object.entries(json);
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      key === '$map' ? redactMap(redaction, value) : redactNamed(redaction, key, value),
    ]),
  );
}

/** The first of a pair is the key: see frame/item-json.ts. */
function redactMap(redaction: Redaction, pairs: unknown): unknown {
  if (!Array.isArray(pairs)) return redactItem(redaction, pairs);
  return pairs.map((pair: unknown) => {
    if (!Array.isArray(pair) || typeof pair[0] !== 'string') return redactItem(redaction, pair);
    return [pair[0], ...pair.slice(1).map((value) => redactNamed(redaction, pair[0] as string, value))];
  });
}

function redactNamed(redaction: Redaction, key: string, value: unknown): unknown {
  return redaction.isSecret(key, value) ? '[redacted]' : redactItem(redaction, value);
}
