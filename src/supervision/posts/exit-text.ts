import type { Exit } from './child.ts';

/** How a process ended, for people. `wasAsked`: it was asked to end or to stop. */
export function describeExit(
  { code, signal, reason }: Pick<Exit, 'code' | 'signal' | 'reason'>,
  wasAsked: boolean,
): string {
  const how = signal ? `killed by ${signal}` : code === null ? 'never ran' : describeCode(code, wasAsked);
  return reason ? `${how} (${reason})` : how;
}

function describeCode(code: number, wasAsked: boolean): string {
  if (code !== 0) return `exited ${code}`;
  return wasAsked ? 'exited 0 before finishing' : 'exited 0 unexpectedly';
}
