import { fileURLToPath } from 'node:url';

/** A place in a file. Line and column count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

// Our own code: dist/ when bundled, src/ otherwise.
const ownDirectory = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../' : './', import.meta.url));

/** The topmost line of `stack` in the user's own files: not in Node, a package or Millrace. */
export function ownPlace(stack: unknown): Place | undefined {
  if (typeof stack !== 'string') return undefined;
  for (const line of stack.split('\n')) {
    const [, location, number, column] =
      /^\s+at (?:.*\()?(?:async )?((?:file:\/\/)?\/.+?):(\d+):(\d+)\)?$/.exec(line) ?? [];
    if (location === undefined) continue;
    const file = location.startsWith('file:') ? fileURLToPath(location) : location;
    if (file.includes('/node_modules/') || file.startsWith(ownDirectory)) continue;
    return { file, line: Number(number), column: Number(column) };
  }
  return undefined;
}

/**
 * The lines of `stack` that name a place, down to the last one in the user's own files; everything below only called
 * them.
 */
export function ownLines(stack: string): string[] {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const last = lines.findLastIndex((line) => ownPlace(line) !== undefined);
  return last === -1 ? lines : lines.slice(0, last + 1);
}
