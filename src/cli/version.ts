import { readFileSync } from 'node:fs';

/** The package's version. */
export function version(): string {
  // Relative to dist/, where this ends up, and to src/cli/.
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), 'utf8');
      const manifest = JSON.parse(text) as { name?: string; version?: string };
      if (manifest.name === 'millrace') return manifest.version ?? 'unknown';
    } catch {
      // Not there: try the other place.
    }
  }
  return 'unknown';
}
