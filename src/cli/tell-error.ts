import { MillraceError } from '../core/errors.ts';
import { exhausted } from '../core/exhausted.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { printable } from '../observability/printable.ts';
import type { Shell } from './shell.ts';

/**
 * Prints the error on standard error and returns the exit code. Our own errors are for people: one line per problem,
 * and the stack only on request. Anything else is a bug in Millrace.
 */
export async function tellError(thrown: unknown, { err, redaction }: Shell, isDebugging: boolean): Promise<number> {
  const error = exhausted(thrown) ?? thrown;
  const isExpected = error instanceof MillraceError && error.exitCode !== exitCodes.bug;
  const message = redaction.text(error instanceof Error ? error.message : String(error));
  const lines = message.split('\n').map((line) => `millrace: ${printable(line)}\n`);
  if (!isExpected) lines.unshift('millrace: this is a bug in Millrace:\n');
  if (isDebugging) lines.push(`${redaction.text(stackOf(error))}\n`);
  else if (!isExpected) lines.push('millrace: run with --debug to see the stack\n');
  await err(lines.join(''));
  return exitCodeOf(error);
}

/** The exit code of a process that this error ends. */
export function exitCodeOf(error: unknown): number {
  const known = exhausted(error) ?? error;
  return known instanceof MillraceError ? known.exitCode : exitCodes.bug;
}

function stackOf(error: unknown): string {
  const parts: string[] = [];
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    parts.push(`${depth === 0 ? '' : 'caused by '}${each.stack ?? each.message}`);
  }
  return parts.join('\n');
}
