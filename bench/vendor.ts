import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface VendorLoad {
  calls: number;
  latencyMs: number;
  /** How many calls the vendor accepts at a time. */
  concurrency: number;
}

export interface VendorStats {
  /** From its first call to its last answer. */
  busyMs: number;
  answered: number;
  refused: number;
  mostInFlight: number;
}

export interface Vendor {
  url: string;
  stats: () => Promise<VendorStats>;
  stop: () => Promise<void>;
}

/** The vendor of the examples, as a process of its own. */
export async function startVendor({ calls, latencyMs, concurrency }: VendorLoad): Promise<Vendor> {
  const server = join(import.meta.dirname, '../examples/vendor/server.ts');
  const flags = { port: 0, count: calls, latency: latencyMs, concurrency };
  const loader = join(import.meta.dirname, '../scripts/typescript.mjs');
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, ['--import', loader, server, '--attached', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url === undefined) continue;
    return {
      url,
      stats: async () => (await (await fetch(`${url}/stats`)).json()) as VendorStats,
      stop: async () => {
        child.stdin.end();
        await exited;
      },
    };
  }
  throw new Error('the vendor did not start: its reason is above');
}
