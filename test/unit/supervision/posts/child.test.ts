import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../../src/core/clock.ts';
import type { FromConsumer, ToConsumer } from '../../../../src/ipc/messages.ts';
import { parse } from '../../../../src/ipc/parse.ts';
import { startChild, type Child, type Exit, type StartOptions } from '../../../../src/supervision/posts/child.ts';
import { identify } from '../../../../src/supervision/posts/identity.ts';
import { HandClock } from '../../../support/hand-clock.ts';
import { until } from '../../../support/until.ts';

type Options = Partial<StartOptions<FromConsumer>>;

/** A real child, and what it has sent and printed so far. */
class Watched {
  readonly clock = new HandClock();
  readonly messages: string[] = [];
  readonly exits: { exit: Exit; after: number }[] = [];
  readonly child: Child<FromConsumer, ToConsumer>;
  output = 0;
  openOutputs = 2;

  constructor(fixture: string, options: Options = {}) {
    this.child = startChild<FromConsumer, ToConsumer>({
      role: 'consumer',
      ordinal: 1,
      entry: resolve('test/fixtures/children', `${fixture}.mjs`),
      parse: parse.fromConsumer,
      clock: this.clock,
      prefix: undefined,
      env: {},
      cwd: process.cwd(),
      onOutput: (_who, _stream, chunk) => {
        if (chunk) this.output += chunk.length;
        else this.openOutputs -= 1;
      },
      ...options,
    });
    started.add(this);
  }

  listen(): this {
    this.child.listen({
      onMessage: (message) =>
        this.messages.push(message.type === 'log' ? message.message.split(' ')[0]! : message.type),
      onExit: (exit) => this.exits.push({ exit, after: this.messages.length }),
    });
    return this;
  }

  async gone(): Promise<Exit> {
    await until(() => this.exits.length > 0);
    return this.exits[0]!.exit;
  }

  get isAlive(): boolean {
    return this.child.who.pid !== undefined && identify(this.child.who.pid) !== undefined;
  }
}

const started = new Set<Watched>();
afterEach(async () => {
  for (const watched of started) {
    watched.child.kill('the test is over');
    await until(() => !watched.isAlive);
  }
  started.clear();
});

describe('a child that exits', () => {
  it('is reported once, after everything that it had sent', async () => {
    const watched = new Watched('talks').listen();
    expect(await watched.gone()).toMatchObject({ code: 7, signal: null, reason: undefined, killed: 'no' });
    expect(watched.exits).toMatchObject([{ after: 2000 }]);
    expect(watched.messages.slice(-2)).toEqual(['1999', '2000']);
    expect(watched.clock.waiting).toBe(0);
  });

  it('is read to its end even if it is killed while we write to it', async () => {
    const watched = new Watched('talks-and-dies').listen();
    // The child may be alive or dead here. Either way, no byte that it has sent may be lost.
    const write = (): void => {
      watched.child.send({ type: 'settled' });
      if (watched.exits.length === 0) setImmediate(write);
    };
    write();
    expect(await watched.gone()).toMatchObject({ signal: 'SIGKILL', reason: undefined });
    expect(watched.messages.at(-1)).toBe('300');
  });

  it('is reported as gone even if it exited before anything listened', async () => {
    const watched = new Watched('exits');
    await until(() => !watched.isAlive && watched.openOutputs === 0);
    await new Promise((turn) => setImmediate(turn));
    expect(watched.listen().exits).toEqual([]);
    expect(await watched.gone()).toMatchObject({ code: 0, signal: null, reason: undefined, killed: 'no' });
  });

  it('is reported with what killed it, and why', async () => {
    const watched = new Watched('deaf').listen();
    await until(() => watched.messages.length > 0);
    watched.child.kill('silent for 1min');
    watched.child.kill('silent for 1min and a second');
    expect(await watched.gone()).toMatchObject({ signal: 'SIGKILL', reason: 'silent for 1min', killed: 'order' });
    watched.child.kill('too late', 'hang');
    watched.child.send({ type: 'stop' });
    expect(watched.exits).toHaveLength(1);
  });
});

describe('a child that V8 aborts', () => {
  it('is reported with the message that V8 printed', async () => {
    expect(await new Watched('aborts').listen().gone()).toMatchObject({
      signal: 'SIGABRT',
      killed: 'no',
      lastWords: 'Reached heap limit Allocation failed - JavaScript heap out of memory',
    });
  });
});

describe('a child that is abandoned', () => {
  it('is no longer reported, and does not keep this process from exiting', async () => {
    const watched = new Watched('deaf').listen();
    await until(() => watched.messages.length > 0);
    watched.child.abandon();
    await until(() => watched.openOutputs === 0);
    watched.child.kill('the test wants it gone');
    await until(() => !watched.isAlive);
    expect(watched.exits).toEqual([]);
  });
});

describe('a child that misbehaves on its channel', () => {
  it.each([
    ['garbage', 'expected a message, got other bytes: "<html>502 Bad Gateway</h'],
    ['wrong-shape', 'the consumer sent "settle" with a wrong done: "everything"'],
  ])('is killed (%s), and its earlier messages count', async (fixture, reason) => {
    const watched = new Watched(fixture).listen();
    const exit = await watched.gone();
    expect(exit).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(exit.reason).toContain(reason);
    expect(watched.messages).toEqual(['before']);
  });

  it('can be killed after half a message, and that message does not count', async () => {
    const watched = new Watched('half-a-message').listen();
    await until(() => watched.messages.length > 0);
    watched.child.kill('silent for 1min');
    expect(await watched.gone()).toMatchObject({ signal: 'SIGKILL', reason: 'silent for 1min' });
    expect(watched.messages).toEqual(['before']);
  });

  it('has half a second to exit after it closes the channel', async () => {
    const watched = new Watched('hangs-up').listen();
    await until(() => watched.messages.length > 0);
    watched.child.send({ type: 'bye' });
    await until(() => watched.clock.waiting > 0);
    watched.clock.turn(499);
    expect(watched.isAlive).toBe(true);
    watched.clock.turn(1);
    expect(await watched.gone()).toMatchObject({ signal: 'SIGKILL', reason: 'closed its channel but did not exit' });
    expect(watched.clock.waiting).toBe(0);
  });
});

describe('a child’s output', () => {
  it('is read as it arrives, however much there is', async () => {
    const watched = new Watched('floods').listen();
    expect(await watched.gone()).toMatchObject({ code: 0 });
    await until(() => watched.openOutputs === 0);
    expect(watched.output).toBe(500 * (63 * 1024 + 1));
  });
});

describe('a grandchild that holds pipes and channel', () => {
  it('dies with the child if it is in the child’s group', async () => {
    const watched = new Watched('leaves-a-grandchild').listen();
    await watched.gone();
    const grandchild = Number(watched.messages[0]);
    await until(() => identify(grandchild) === undefined);
    await until(() => watched.openOutputs === 0);
    expect(watched.clock.waiting).toBe(0);
  });

  it('does not prevent the report that the child has gone, even if it has left the group', async () => {
    const watched = new Watched('leaves-a-grandchild', { env: { DETACHED: '1' } }).listen();
    await until(() => !watched.isAlive && watched.clock.waiting > 0);
    const grandchild = Number(watched.messages[0]);
    try {
      expect(watched.exits).toEqual([]);
      watched.clock.turn(1000);
      expect(await watched.gone()).toMatchObject({ signal: 'SIGKILL' });
      await until(() => watched.openOutputs === 0);
      expect(watched.clock.waiting).toBe(0);
      expect(identify(grandchild)).toBeDefined();
    } finally {
      process.kill(grandchild, 'SIGKILL');
    }
  });
});

describe('output of a grandchild that has arrived when the deadline passes', () => {
  it('is read first, even if this process was held up until then', async () => {
    const watched = new Watched('leaves-a-grandchild', { env: { DETACHED: '1' } });
    watched.clock.soon = (fn) => void setImmediate(fn);
    watched.listen();
    await until(() => !watched.isAlive && watched.clock.waiting > 0 && watched.output === 'up'.length);
    const grandchild = Number(watched.messages[0]);
    process.kill(grandchild, 'SIGUSR2');
    while (identify(grandchild) !== undefined); // This process reads nothing in the meantime.
    watched.clock.turn(1000);
    await until(() => watched.openOutputs === 0);
    expect(watched.output).toBe('uplate'.length);
  });
});

describe('a start that fails', () => {
  it.each([
    ['the program does not exist', { prefix: ['/no/such/program'] }, 'spawn /no/such/program ENOENT'],
    ['its environment is larger than the system allows', { env: { A: 'x'.repeat(4e6) } }, 'spawn E2BIG'],
    ['its environment cannot be passed on', { env: { A: 'a\0b' } }, 'without null bytes'],
  ] as const)('is reported like any other exit: %s', async (_, options, reason) => {
    const watched = new Watched('exits', options).listen();
    watched.child.send({ type: 'stop' });
    watched.child.kill('nothing to kill');
    const exit = await watched.gone();
    expect(exit).toMatchObject({ code: null, signal: null });
    expect(exit.reason).toMatch(/^could not be started: /);
    expect(exit.reason).toContain(reason);
    expect(watched.child.who.pid).toBeUndefined();
  });
});

describe('a start without free descriptors', () => {
  it('fails and says what to do, and the next start may succeed', () => {
    const command = `ulimit -n 100; exec "${process.execPath}" --import ./scripts/typescript.mjs test/fixtures/out-of-descriptors.ts`;
    const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const tooMany = expect.stringContaining('too many open files; raise the limit on open files (ulimit -n)');
    expect(stdout.trim().split('\n')).toEqual([tooMany, tooMany, 'exited 0']);
  });
});

describe('a child’s name', () => {
  it('is in its command line from the start', () => {
    const watched = new Watched('deaf', { clock: systemClock }).listen();
    const command = readFileSync(`/proc/${watched.child.who.pid}/cmdline`, 'utf8').split('\0');
    expect(command.slice(-3)).toEqual(['consumer', '1', '']);
  });
});
