import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createChannel, type Channel } from '../../../src/ipc/channel.ts';
import type { FromConsumer, ToConsumer } from '../../../src/ipc/messages.ts';
import { parse } from '../../../src/ipc/parse.ts';
import { identify } from '../../../src/supervision/posts/identity.ts';
import { Bundles } from '../../support/bundled.ts';
import { until } from '../../support/until.ts';

let bundles: Bundles;
let entry: string;
beforeAll(() => {
  bundles = new Bundles();
  entry = bundles.make('test/fixtures/children/connects.ts');
});
afterAll(() => bundles.remove());

/** A process that has connected, and this side of its channel. */
class Connected {
  readonly messages: FromConsumer[] = [];
  readonly process: ChildProcess;
  readonly socket: Socket;
  readonly channel: Channel<ToConsumer>;
  stderr = '';
  isClosed = false;
  exit: { code: number | null; signal: string | null } | undefined;

  constructor() {
    this.process = spawn(process.execPath, [entry], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    this.process.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.process.on('exit', (code, signal) => (this.exit = { code, signal }));
    this.socket = this.process.stdio[3] as Socket;
    this.channel = createChannel<FromConsumer, ToConsumer>(this.socket, {
      parse: parse.fromConsumer,
      onMessage: (message) => this.messages.push(message),
      onClose: () => (this.isClosed = true),
    });
    started.push(this);
  }

  /** Starts a child and sends it its task. */
  static async withTask(deed: string): Promise<Connected> {
    const child = new Connected();
    await until(() => child.messages.length === 1);
    child.channel.send({ type: 'refused', id: 0, message: deed });
    await until(() => child.messages.length >= 2);
    return child;
  }

  async gone(): Promise<{ code: number | null; signal: string | null }> {
    await until(() => this.exit !== undefined && this.isClosed);
    return this.exit!;
  }

  get failures(): FromConsumer[] {
    return this.messages.filter(({ type }) => type === 'failed');
  }
}

const started: Connected[] = [];
const orphans: number[] = [];
afterEach(() => {
  for (const pid of orphans.splice(0)) if (identify(pid)) process.kill(pid, 'SIGKILL');
  for (const { process: child, socket } of started.splice(0)) {
    child.kill('SIGKILL');
    socket.destroy();
  }
});

describe('a child', () => {
  it('ignores signals that a terminal or a service manager sends to all processes', async () => {
    const child = await Connected.withTask('waits');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) child.process.kill(signal);
    child.channel.send({ type: 'bye' });
    child.channel.send({ type: 'bye' });
    await until(() => child.isClosed);
    expect([child.exit, child.failures]).toEqual([undefined, []]);
    // SIGUSR1 starts no debugger, either.
    expect(child.stderr).toBe('');
  });

  it('dies at once when its channel closes: nothing that it did after that could be settled', async () => {
    const child = await Connected.withTask('waits');
    child.channel.destroy();
    expect(await child.gone()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(child.stderr).toBe('');
  });

  it('dies and says why when its channel delivers something that is not a message', async () => {
    const child = await Connected.withTask('waits');
    child.socket.write('HTTP/1.1 400 Bad Request');
    expect(await child.gone()).toEqual({ code: null, signal: 'SIGKILL' });
    await until(() => child.stderr !== '');
    expect(child.stderr).toContain('lost the channel to the supervisor: expected a message');
  });

  it.each([
    ['throws', { code: 'Error', message: 'thrown out of the blue' }],
    ['rejects', { code: 'Error', message: 'nobody caught this' }],
    ['throws null', { code: 'THROWN', message: 'a null was thrown: null' }],
    ['rejects with null', { code: 'THROWN', message: 'a null was thrown: null' }],
  ])('that %s where nothing catches it reports it and exits with 1', async (deed, error) => {
    const child = await Connected.withTask(deed);
    expect(await child.gone()).toEqual({ code: 1, signal: null });
    expect(child.failures).toMatchObject([{ type: 'failed', error, exitCode: null }]);
  });

  it('continues when work that nothing awaits was cancelled, and reports it once', async () => {
    const child = await Connected.withTask('is cancelled');
    await until(() => child.messages.length >= 3);
    child.channel.send({ type: 'bye' });
    await until(() => child.isClosed);
    expect(child.failures).toEqual([]);
    const warnings = child.messages.filter((message) => message.type === 'log' && message.level === 'warn');
    expect(warnings).toMatchObject([{ message: expect.stringContaining('(terminated: the item is settled)') }]);
  });

  it('that fails closes its channel even if a user’s timer keeps it alive', async () => {
    const child = await Connected.withTask('throws, with a timer left');
    await until(() => child.isClosed);
    expect(child.failures).toMatchObject([{ error: { message: 'and it has a timer' } }]);
    expect(child.exit).toBeUndefined();
  });

  it('that can never continue names the exit code for the service', async () => {
    const child = await Connected.withTask('fails for good');
    expect(await child.gone()).toEqual({ code: 1, signal: null });
    expect(child.failures).toMatchObject([{ error: { code: 'SOURCE_CHANGED' }, exitCode: 78 }]);
  });

  it('reports only its first failure', async () => {
    const child = await Connected.withTask('fails twice');
    await child.gone();
    expect(child.failures).toMatchObject([{ error: { message: 'first' } }]);
  });

  it('does not fail after it has closed its channel', async () => {
    const child = await Connected.withTask('throws when it has left');
    child.channel.send({ type: 'bye' });
    expect(await child.gone()).toEqual({ code: 0, signal: null });
    expect(child.failures).toEqual([]);
  });

  it('closes its channel when it receives `bye`, and exits by itself', async () => {
    const child = new Connected();
    await until(() => child.messages.length === 1);
    child.channel.send({ type: 'bye' });
    expect(await child.gone()).toEqual({ code: 0, signal: null });
    expect(child.messages).toHaveLength(1);
  });
});

describe('a child that watches its parent', () => {
  it('dies with it, even in a busy loop', async () => {
    // A parent in between that can be killed; it passes its own channel on.
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, [process.argv[1]], { stdio: ['ignore', 'ignore', 'inherit', 3] });
      process.stdout.write(String(child.pid));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', script, entry], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    const messages: FromConsumer[] = [];
    const channel = createChannel<FromConsumer, ToConsumer>(parent.stdio[3] as Socket, {
      parse: parse.fromConsumer,
      onMessage: (message) => messages.push(message),
      onClose: () => undefined,
    });
    let pid = '';
    parent.stdout!.on('data', (chunk: Buffer) => (pid += chunk.toString()));
    await until(() => messages.length === 1 && pid !== '');
    orphans.push(Number(pid));
    channel.send({ type: 'refused', id: 0, message: 'watches its parent in a busy loop' });
    await until(() => isBusy(Number(pid)));
    parent.kill('SIGKILL');
    // Its channel stays open, so only the watch can notice.
    await until(() => identify(Number(pid)) === undefined);
    expect(messages).toHaveLength(2);
    channel.destroy();
  });
});

/** Whether it has used more than half a second of a core; a start takes a fraction of that. See proc_pid_stat(5). */
function isBusy(pid: number): boolean {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks > 60;
}
