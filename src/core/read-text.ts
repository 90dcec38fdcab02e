import { readFileSync } from 'node:fs';

/** The text of `file`; undefined if it cannot be read for any reason. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
