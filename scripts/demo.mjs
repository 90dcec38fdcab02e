/**
 * `npm run demo`: runs the pipeline of examples/pokedex.ts against a vendor's API on loopback, and prints the result.
 * Leaves pokedex.db in the current directory, and no process, also when it is interrupted.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

const root = resolve(fileURLToPath(import.meta.url), '../..');
const database = resolve('pokedex.db');
const controlSocket = resolve('.millrace/pokedex/control.sock');
const items = 151;
const latencyMs = 100;
const concurrency = 10;

if (!existsSync(join(root, 'dist/cli.js'))) {
  console.error('dist/cli.js is missing: run `npm run build` first');
  process.exit(1);
}
const vendor = await startVendor();
try {
  const run = startRun(vendor.url);
  const interrupted = passOnSignals(run);
  const restarts = watchRestarts(run);
  const begin = performance.now();
  const [code] = await once(run, 'exit');
  const seconds = (performance.now() - begin) / 1000;
  const rows = countRows();
  console.log(summary({ ...(await vendor.stats()), rows, restarts: restarts(), seconds }));
  if (rows < items) console.log('The other items are in the queue: npm run demo resumes with them.');
  process.exitCode = interrupted() ? 130 : (code ?? 1);
} finally {
  await vendor.stop();
}

/** A process of its own, like a real vendor. It ends when this one ends, whatever the cause. */
async function startVendor() {
  const loader = ['--import', import.meta.resolve('./typescript.mjs')];
  const options = ['--port', '0', '--attached', '--latency', String(latencyMs), '--concurrency', String(concurrency)];
  const child = spawn(process.execPath, [...loader, join(root, 'examples/vendor/server.ts'), ...options], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Not in the terminal's group: after Ctrl-C it has to answer until the run has stopped.
    detached: true,
  });
  const exited = once(child, 'exit');
  // It may already have exited when we ask it to end.
  child.stdin.on('error', () => undefined);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\S+/.exec(line)?.[0];
    if (!url) continue;
    return {
      url,
      stats: async () => await (await fetch(`${url}/stats`)).json(),
      stop: async () => {
        child.stdin.end();
        await exited;
      },
    };
  }
  throw new Error('the vendor did not start: its reason is above');
}

function startRun(vendorUrl) {
  const pipeline = join(root, 'examples/pokedex.ts');
  const options = ['--consumers', '2', '--concurrency', '12', '--again'];
  return spawn(process.execPath, [join(root, 'dist/cli.js'), 'run', pipeline, ...options], {
    env: { ...process.env, VENDOR_URL: vendorUrl },
    stdio: ['ignore', 'inherit', 'inherit'],
    // Signals come from here, once each: npm passes Ctrl-C on to processes that already have it from the terminal.
    detached: true,
  });
}

/**
 * Stops the run when this process gets a signal to stop; a second signal makes it hurry. The function that it returns
 * says whether that happened.
 */
function passOnSignals(run) {
  const samePressMs = 500;
  let latest = -Infinity;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (performance.now() - latest < samePressMs) return;
      latest = performance.now();
      run.kill('SIGTERM');
    });
  }
  return () => latest > -Infinity;
}

/** Keeps asking the run how often it has replaced a process. The function that it returns gives the latest answer. */
function watchRestarts(run) {
  let restarts = 0;
  const everyMs = 100;
  const watch = async () => {
    while (run.exitCode === null && run.signalCode === null) {
      const status = await get(controlSocket, '/api/status').catch(() => undefined);
      if (status) restarts = status.processes.reduce((sum, process) => sum + process.restarts, 0);
      await pause(everyMs);
    }
  };
  void watch();
  return () => restarts;
}

async function get(socketPath, path) {
  const call = request({ socketPath, path, signal: AbortSignal.timeout(1000) }).end();
  const [response] = await once(call, 'response');
  return JSON.parse((await response.setEncoding('utf8').toArray()).join(''));
}

function countRows() {
  try {
    const connection = new Database(database, { fileMustExist: true });
    const rows = connection.prepare('SELECT count(*) FROM pokemon').pluck().get();
    connection.close();
    return rows;
  } catch {
    // A run that was stopped or failed before its first result has made no table yet.
    return 0;
  }
}

function summary({ answered, refused, mostInFlight, busyMs, rows, restarts, seconds }) {
  const floor = (Math.ceil(answered / concurrency) * latencyMs) / 1000;
  const lines = {
    items: `${rows} of ${items} in table pokemon of ${relative('.', database)}`,
    seconds: `${seconds.toFixed(1)}, start and end included; ${(busyMs / 1000).toFixed(2)} from the first call to the last`,
    floor: `${floor.toFixed(2)}: ${answered} calls of ${latencyMs} ms, ${concurrency} at a time`,
    vendor: `${answered} calls answered, ${mostInFlight} in flight at most, ${refused} refused (429)`,
    restarts: `${restarts}`,
  };
  const rule = '─'.repeat(8);
  return [rule, ...Object.entries(lines).map(([name, text]) => `${name.padEnd(10)}${text}`), rule].join('\n');
}
