import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Status } from '../../src/observability/status.ts';

const againMs = 20;

/** Asks a running pipeline until what it says fits; throws if it has gone. `state` is its state folder. */
export async function statusWhen(state: string, pid: number, fits: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await statusOf(state);
    if (status && fits(status)) return status;
    process.kill(pid, 0);
    await pause(againMs);
  }
}

/** undefined as long as nobody listens. */
async function statusOf(state: string): Promise<Status | undefined> {
  try {
    return await new Promise((resolve, reject) => {
      const asked = request({
        socketPath: join(state, 'control.sock'),
        path: '/api/status',
        headers: { host: 'bench' },
      });
      asked.on('error', reject);
      asked.on('response', (answer) => {
        text(answer)
          .then((body) => resolve(JSON.parse(body) as Status))
          .catch(reject);
      });
      asked.end();
    });
  } catch {
    return undefined;
  }
}
