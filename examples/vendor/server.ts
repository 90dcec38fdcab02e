/**
 * A vendor's API on loopback, as slow and as strict as real ones, for trying out pipelines without the network. It
 * serves the first 151 Pokémon, takes 100 ms for each call and accepts 10 calls at a time; it refuses the 11th with 429
 * and `Retry-After`. Ends on TERM and INT.
 */
import { once, setMaxListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createVendor } from './api.ts';
import { Gate } from './gate.ts';
import { pokemonRecords, repeated } from './records.ts';

const usage = `Usage: npm run vendor -- [options]      (or VENDOR_PORT=… and so on in the environment)

  --port N          port on 127.0.0.1; 0 for any that is free       [4151]
  --latency MS      how long each call takes, in milliseconds       [100]
  --concurrency N   calls in flight; one more is refused            [10]
  --rate N/UNIT     calls begun, per s, min or h, such as 100/s     [no limit]
  --count N         records; above 151 the first ones come again    [151]
  --attached        end when standard input ends: with the process that started it
  --help`;

class UsageError extends Error {}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return console.log(usage);
  const ending = new AbortController();
  // Each call in flight listens to it.
  setMaxListeners(0, ending.signal);
  const server = createVendor({
    records: repeated(await pokemonRecords(), options.count),
    gate: new Gate(options),
    now: () => performance.now(),
    latency: () => pause(options.latency, undefined, { signal: ending.signal }),
  });
  const end = (): void => {
    ending.abort();
    server.close();
    server.closeAllConnections();
    if (options.attached) process.stdin.destroy();
  };
  process.on('SIGTERM', end).on('SIGINT', end);
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  if (options.attached) process.stdin.on('end', end).on('error', end).resume();
  // The process that started it, and reads this, may have exited.
  process.stdout.on('error', () => undefined);
  console.log(`vendor on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: process.env['VENDOR_PORT'] ?? '4151' },
      latency: { type: 'string', default: process.env['VENDOR_LATENCY'] ?? '100' },
      concurrency: { type: 'string', default: process.env['VENDOR_CONCURRENCY'] ?? '10' },
      rate: { type: 'string', default: process.env['VENDOR_RATE'] ?? '' },
      count: { type: 'string', default: process.env['VENDOR_COUNT'] ?? '151' },
      attached: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    port: whole('port', values.port, 0, 65_535),
    latency: whole('latency', values.latency, 0, 600_000),
    concurrency: whole('concurrency', values.concurrency, 1, 1_000_000),
    rate: readRate(values.rate),
    count: whole('count', values.count, 1, 1_000_000),
    attached: values.attached,
  };
}

function readRate(text: string): { calls: number; perMs: number } | undefined {
  if (text === '') return undefined;
  const [, calls, unit] = /^([1-9]\d{0,6})\/(s|min|h)$/.exec(text) ?? [];
  if (!calls || !unit) throw new UsageError(`--rate: expected a number per s, min or h such as 100/s, got "${text}"`);
  return { calls: Number(calls), perMs: { s: 1000, min: 60_000, h: 3_600_000 }[unit as 's' | 'min' | 'h'] };
}

function whole(name: string, text: string, from: number, to: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= from && value <= to) return value;
  throw new UsageError(`--${name}: expected a whole number from ${from} to ${to}, got "${text}"`);
}

main().catch((error: NodeJS.ErrnoException) => {
  const ours = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS') || error.code === 'EADDRINUSE';
  const hint = error.code === 'EADDRINUSE' ? ' (--port 0 takes any that is free)' : '';
  console.error(ours ? `vendor: ${error.message}${hint}` : error);
  process.exitCode = ours ? 64 : 1;
});
