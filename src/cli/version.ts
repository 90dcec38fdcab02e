import { readFileSync } from 'node:fs';

/** The package's version. */
export function version(): string {
  // As seen from dist/, where this ends up, and from src/cli/.
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), 'utf8');
      const manifest = JSON.parse(text) as { name?: string; version?: string };
      if (manifest.name === 'millrace') return manifest.version ?? 'unknown';
    } catch {
      // Not there: the other place.
    }
  }
  return 'unknown';
}
