import { isSecretKey } from '../core/secret-names.ts';
import { errorWithoutSecrets, withoutSecrets } from '../core/without-secrets.ts';
import { redactText } from './redact.ts';
import type { DeadLetter } from './status.ts';

/**
 * A dead letter, whose item is plain JSON, as it is shown. Its errors were freed of secrets before they were stored, but
 * of those that were known as such then.
 */
export function redactLetter(letter: DeadLetter): DeadLetter {
  const { reason, error, history, item } = letter;
  return {
    ...letter,
    reason: withoutSecrets(reason),
    error: errorWithoutSecrets(error),
    history: history.map((past) => ({ ...past, message: withoutSecrets(past.message) })),
    item: redactItem(item),
  };
}

/** `json`, which has been parsed, without what looks like a secret: by its key, or in a URL. Nothing of it is cut. */
export function redactItem(json: unknown): unknown {
  if (typeof json === 'string') return redactText(json, Infinity);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(redactItem);
  const entries = Object.entries(json);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === '$map' ? redactMap(value) : redacted(key, value)]),
  );
}

/** Of a map's pairs, see frame/item-json.ts, the first is the key. */
function redactMap(pairs: unknown): unknown {
  if (!Array.isArray(pairs)) return redactItem(pairs);
  return pairs.map((pair: unknown) => {
    if (!Array.isArray(pair) || typeof pair[0] !== 'string') return redactItem(pair);
    return [pair[0], ...pair.slice(1).map((value) => redacted(pair[0] as string, value))];
  });
}

function redacted(key: string, value: unknown): unknown {
  return isSecretKey(key, value) ? '[redacted]' : redactItem(value);
}
