import { show } from '../core/show.ts';

/** A field, as the names that lead to it (`['limits', 'vendor', 'rate']`), and what is wrong with it. */
export interface Finding {
  path: readonly string[];
  message: string;
}

/** What was expected in the field, and what it has. */
export function wrong(path: readonly string[], expected: string, value: unknown, hint = ''): Finding[] {
  return [{ path, message: complaint(expected, value) + hint }];
}

/** The same, as a message. */
export function complaint(expected: string, value: unknown): string {
  return `expected ${expected}, got ${show(value)}`;
}
