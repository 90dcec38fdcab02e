import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { askControl } from '../../src/control/client.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Status } from '../../src/observability/status.ts';

const againMs = 20;

/**
 * Polls the status of a running pipeline until it meets a condition; throws if the pipeline has ended. `state` is its
 * state directory.
 */
export async function statusWhen(state: string, pid: number, fits: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await statusOf(state);
    if (status && fits(status)) return status;
    process.kill(pid, 0);
    await pause(againMs);
  }
}

/** undefined while nothing listens on the socket. */
async function statusOf(state: string): Promise<Status | undefined> {
  try {
    return (await askControl(join(state, 'control.sock'), '/api/status', systemClock)).body as Status;
  } catch {
    return undefined;
  }
}
