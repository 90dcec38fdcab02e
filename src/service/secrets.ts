import { readFileSync } from 'node:fs';
import type { Environment } from '../config/environment.ts';
import { findSecret, type FoundSecret, whereItLooked } from '../values/find-secret.ts';
import { missingSecrets } from '../values/secret.ts';

const readFile = (path: string): string => readFileSync(path, 'utf8');

/**
 * The values of these secrets, so that they can be hidden wherever something is shown. (Children read the values
 * themselves.) Throws (exit 78) if a secret is missing or empty, with a line for each that says where Millrace looked
 * for it.
 */
export function requireSecrets(names: readonly string[], environment: Environment): string[] {
  const found = names.map((name) => ({ name, ...lookUpSecret(name, environment) }));
  const missing = found.flatMap((one) => (one.status === 'missing' ? [whereItLooked(one.name, one)] : []));
  if (missing.length > 0) throw missingSecrets(missing);
  return found.flatMap((one) => (one.status === 'found' ? [one.value] : []));
}

/** Looks for a secret. */
export function lookUpSecret(name: string, environment: Environment): FoundSecret {
  return findSecret(name, { environment, readFile });
}
