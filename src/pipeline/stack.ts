import { fileURLToPath } from 'node:url';

/** A place in a file. */
export interface Place {
  file: string;
  line: number;
}

// Ours: dist/ when bundled, src/ otherwise.
const ownFolder = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../' : './', import.meta.url));

/** Where in the user's own files `stack` came from: its topmost line that is not Node's, a package's or ours. */
export function ownPlace(stack: unknown): Place | undefined {
  if (typeof stack !== 'string') return undefined;
  for (const line of stack.split('\n')) {
    const [, location, number] = /^\s+at (?:.*\()?(?:async )?((?:file:\/\/)?\/.+?):(\d+):\d+\)?$/.exec(line) ?? [];
    if (location === undefined) continue;
    const file = location.startsWith('file:') ? fileURLToPath(location) : location;
    if (!file.includes('/node_modules/') && !file.startsWith(ownFolder)) return { file, line: Number(number) };
  }
  return undefined;
}

/** The places in `stack`, a line each, down to the last one in the user's own files: what is below called them. */
export function ownLines(stack: string): string[] {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const last = lines.findLastIndex((line) => ownPlace(line) !== undefined);
  return last === -1 ? lines : lines.slice(0, last + 1);
}
