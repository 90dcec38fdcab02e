import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { VendorStats } from '../../examples/vendor/api.ts';

const listening = async (vendor: ChildProcessWithoutNullStreams): Promise<string> => {
  const [line] = (await once(createInterface({ input: vendor.stdout }), 'line')) as [string];
  return line.replace('vendor on ', '');
};

describe('the vendor as a process', () => {
  let child: ChildProcessWithoutNullStreams | undefined;

  const start = (...options: string[]): ChildProcessWithoutNullStreams =>
    (child = spawn(process.execPath, [
      '--import',
      './scripts/typescript.mjs',
      'examples/vendor/server.ts',
      ...options,
    ]));

  afterEach(async () => {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  test('takes its limits from flags and prints its address', async () => {
    const url = await listening(
      start('--port', '0', '--latency', '0', '--concurrency', '3', '--rate', '2/h', '--count', '152'),
    );
    const answers = [];
    for (const id of [1, 152, 3]) answers.push(await fetch(`${url}/api/v2/pokemon/${id}`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(Number(answers[2]!.headers.get('Retry-After'))).toBeGreaterThan(3500);
    const stats = (await (await fetch(`${url}/stats`)).json()) as VendorStats;
    expect(stats).toMatchObject({ calls: 3, answered: 2, refused: 1, byId: { 1: 1, 152: 1 } });
  });

  test('ends on TERM even with calls in flight', async () => {
    const vendor = start('--port', '0', '--latency', '600000');
    const url = await listening(vendor);
    const call = fetch(`${url}/api/v2/pokemon/1`);
    call.catch(() => undefined);
    for (let inFlight = 0; inFlight < 1;) {
      ({ inFlight } = (await (await fetch(`${url}/stats`)).json()) as VendorStats);
    }
    vendor.kill('SIGTERM');
    expect(await once(vendor, 'exit')).toEqual([0, null]);
    await expect(call).rejects.toThrow('fetch failed');
  });

  test('ends with the process that started it when it is attached', async () => {
    const vendor = start('--port', '0', '--attached');
    await listening(vendor);
    vendor.stdin.end();
    expect(await once(vendor, 'exit')).toEqual([0, null]);
  });

  test('ends silently if that process has exited before it listens', async () => {
    const vendor = start('--port', '0', '--attached');
    const errors = vendor.stderr.setEncoding('utf8').toArray();
    vendor.stdout.destroy();
    vendor.stdin.end();
    expect(await once(vendor, 'exit')).toEqual([0, null]);
    expect(await errors).toEqual([]);
  });

  test.each([
    [['--latency', 'soon'], '--latency: expected a whole number from 0 to 600000, got "soon"'],
    [['--concurrency', '0'], '--concurrency: expected a whole number from 1 to 1000000, got "0"'],
    [['--rate', '10/year'], '--rate: expected a number per s, min or h such as 100/s, got "10/year"'],
    [['--prot', '1'], "Unknown option '--prot'"],
  ])('refuses %j and says what it expected', async (options, message) => {
    const vendor = start(...options);
    const errors = vendor.stderr.setEncoding('utf8').toArray();
    expect(await once(vendor, 'exit')).toEqual([64, null]);
    expect((await errors).join('')).toContain(message);
  });
});
