import type { Exit } from './child.ts';

/** How a process ended, for people. `wasTold`: it was asked to end or to stop. */
export function describeExit(
  { code, signal, reason }: Pick<Exit, 'code' | 'signal' | 'reason'>,
  wasTold: boolean,
): string {
  const how = signal ? `killed by ${signal}` : code === null ? 'never ran' : describeCode(code, wasTold);
  return reason ? `${how} (${reason})` : how;
}

function describeCode(code: number, wasTold: boolean): string {
  if (code !== 0) return `exited ${code}`;
  return wasTold ? 'exited 0 before finishing' : 'exited 0 without being asked to';
}
