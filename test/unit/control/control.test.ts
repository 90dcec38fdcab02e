import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, link, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { request, createServer } from 'node:http';
import { connect, createServer as createSocketServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { askControl } from '../../../src/control/client.ts';
import { backupJob } from '../../../src/control/backup-job.ts';
import { startControl, type Control, type ControlOptions } from '../../../src/control/server.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { aStatus } from '../observability/a-status.ts';
import { noLetters } from './no-letters.ts';

let directory: string;
let socketPath: string;
let problems: string[];
const open: { close: () => unknown }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'control-'));
  socketPath = join(directory, 'control.sock');
  problems = [];
});

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  await rm(directory, { recursive: true });
});

async function start(changes: Partial<ControlOptions> = {}): Promise<Control> {
  const control = await startControl({
    socketPath,
    status: () => aStatus(),
    dead: () => [],
    backup: backupJob(() => Promise.resolve()),
    reload: () => ({ status: 'begun', number: 1 }),
    letters: noLetters,
    warn: (problem) => problems.push(problem),
    ...changes,
  });
  open.push(control);
  return control;
}

/** Makes a directory whose path has this many bytes. */
async function directoryOf(bytes: number): Promise<string> {
  let path = directory;
  while (path.length < bytes) path = join(path, 'x'.repeat(Math.min(200, Math.max(1, bytes - path.length - 1))));
  await mkdir(path, { recursive: true });
  return path;
}

function ask(path = '/healthz') {
  return askControl(socketPath, path, systemClock);
}

async function raw(message: string): Promise<string> {
  const socket = connect(socketPath);
  socket.write(message);
  return await text(socket);
}

async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  open.push({ close: () => new Promise((resolve) => server.close(resolve)) });
}

describe('the control socket', () => {
  it('answers a request', async () => {
    await start();
    expect(await ask('/api/status')).toEqual({ status: 200, body: aStatus() });
    expect(await ask('/nothing')).toMatchObject({ status: 404 });
  });

  it('is accessible only to its owner, and leaves the umask of the process unchanged', async () => {
    const before = process.umask(0);
    await start();
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    expect(process.umask(before)).toBe(0);
  });

  it('is removed when it is closed, even if it is closed twice and clients are connected', async () => {
    const control = await start();
    const idle = connect(socketPath);
    await new Promise((resolve) => idle.once('connect', resolve));
    const cutOff = new Promise((resolve) => idle.once('close', resolve));
    await Promise.all([control.close(), control.close()]);
    await cutOff;
    expect(await readdir(directory)).toEqual([]);
  });

  it('replaces a socket left by a dead process', async () => {
    const left = createSocketServer();
    await new Promise<void>((resolve) => left.listen(join(directory, 'first.sock'), resolve));
    // Closing removes the socket only under its first name; nobody listens on the remaining one.
    await link(join(directory, 'first.sock'), socketPath);
    await new Promise((resolve) => left.close(resolve));
    await start();
    expect(problems).toEqual([]);
    expect((await ask()).status).toBe(200);
  });

  it('does not replace a socket that answers', async () => {
    const other = createSocketServer((socket) => socket.destroy());
    await listen(other);
    await start();
    expect(problems).toEqual([expect.stringContaining('another process is listening there')]);
    expect((await stat(socketPath)).isSocket()).toBe(true);
  });

  it.each(['a file', 'a link'])('does not replace %s', async (what) => {
    await (what === 'a file' ? writeFile(socketPath, 'mine') : symlink('/dev/null', socketPath));
    const control = await start();
    await control.close();
    expect(problems).toEqual([expect.stringContaining('another file is in its place')]);
    expect(await readdir(directory)).toEqual(['control.sock']);
  });

  it.each([80, 107, 108, 200, 1000])('works in a directory whose path has %i bytes', async (bytes) => {
    const deep = await directoryOf(bytes);
    socketPath = join(deep, 'control.sock');
    await expect(ask()).rejects.toMatchObject({ code: 'NOT_RUNNING', message: expect.stringContaining(socketPath) });
    const control = await start();
    expect(problems).toEqual([]);
    expect(await ask()).toMatchObject({ status: 200 });
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    // A second server finds the first, and the socket of a dead process is replaced, as in any directory.
    await start();
    expect(problems).toEqual([expect.stringContaining('another process is listening there')]);
    await control.close();
    expect(await readdir(deep)).toEqual([]);
    await expect(ask()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });

  it('is given up with a warning if it cannot be created', async () => {
    await start({ socketPath: join(directory, 'missing', 'control.sock') });
    await start({ socketPath: join(directory, 'x'.repeat(107), 'control.sock') });
    const cannot = expect.stringContaining(`cannot listen on ${directory}`);
    expect(problems).toEqual([cannot, cannot]);
  });

  it('hides the details of an internal error, and logs a warning', async () => {
    await start({
      status: () => {
        throw new Error('secret of the supervisor');
      },
    });
    expect(await ask('/api/status')).toEqual({
      status: 500,
      body: { error: 'internal error; the log has the details' },
    });
    expect(problems).toEqual(['the control API could not answer /api/status: secret of the supervisor']);
  });

  it('sends no body to HEAD, and forbids caching', async () => {
    await start();
    const answer = await raw('HEAD /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/cache-control: no-store/);
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });

  it.each([
    ['an unexpected body', 'GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello', '413'],
    ['a body that is not JSON', 'POST /api/dead/retry HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello', '400'],
    ['a change of a read-only path', 'POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}', '405'],
    ['a body without an end', 'GET /healthz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na', '413'],
    ['garbage', '\u0000\u0001\u0002\r\n\r\n', '400'],
    [
      'a request with two lengths',
      'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      '400',
    ],
    ['a request without a host', 'GET /healthz HTTP/1.1\r\n\r\n', '400'],
    ['headers that are too long', `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(9000)}\r\n\r\n`, '431'],
  ])('refuses %s, and keeps serving', async (_, message, status) => {
    await start();
    expect((await raw(message)).split(' ')[1]).toBe(status);
    expect((await ask()).status).toBe(200);
  });

  it('survives a client that disconnects during a request', async () => {
    const { promise: waiting, resolve: letGo } = deferred<never[]>();
    const { promise: isAsked, resolve: asked } = deferred<void>();
    await start({
      dead: () => {
        asked();
        return waiting;
      },
    });
    const leaving = request({ socketPath, path: '/api/dead' });
    const left = new Promise((resolve) => leaving.once('error', resolve));
    leaving.end();
    await isAsked;
    leaving.destroy();
    await left;
    letGo([]);
    expect((await ask()).status).toBe(200);
    expect(problems).toEqual([]);
  });
});

describe('a client of the control socket', () => {
  it('reports that nothing is running', async () => {
    await expect(ask()).rejects.toMatchObject({ code: 'NOT_RUNNING', message: expect.stringContaining(socketPath) });
    await writeFile(socketPath, '');
    await expect(ask()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });

  it('reports that the user has no permission', async () => {
    await start();
    await chmod(socketPath, 0);
    const error = await ask().catch((reason: unknown) => reason);
    await chmod(socketPath, 0o600);
    // Root has every permission.
    expect(error).toMatchObject(process.getuid?.() === 0 ? { status: 200 } : { code: 'NO_PERMISSION' });
  });

  it.each([
    ['does not speak HTTP', 'hello\r\n\r\n', 'NOT_OURS'],
    ['is another server', 'HTTP/1.1 200 OK\r\nserver: other\r\ncontent-length: 2\r\n\r\n{}', 'NOT_OURS'],
    ['does not return JSON', 'HTTP/1.1 200 OK\r\nserver: millrace\r\ncontent-length: 2\r\n\r\nno', 'NOT_OURS'],
    ['stops in the middle', 'HTTP/1.1 200 OK\r\nserver: millrace\r\ncontent-length: 9\r\n\r\n{}', 'NO_ANSWER'],
    ['hangs up', '', 'NO_ANSWER'],
  ])('fails if the server %s', async (_, message, code) => {
    await listen(createSocketServer((socket) => socket.once('data', () => socket.end(message)).resume()));
    await expect(ask()).rejects.toMatchObject({ code, exitCode: 69 });
  });

  it('times out', async () => {
    const clock = new HandClock();
    const server = createServer();
    const asked = new Promise((resolve) => server.once('request', resolve));
    await listen(server);
    const answer = askControl(socketPath, '/healthz', clock);
    await asked;
    clock.turn(5000);
    await expect(answer).rejects.toMatchObject({ code: 'NO_ANSWER', message: expect.stringContaining('stuck') });
  });

  it('leaves no timer', async () => {
    await start();
    const clock = new HandClock();
    await askControl(socketPath, '/healthz', clock);
    await askControl(`${socketPath}.no`, '/healthz', clock).catch(() => {});
    expect(clock.waiting).toBe(0);
  });
});

function deferred<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
