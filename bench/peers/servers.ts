import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endWithUs } from '../measure/end-with-us.ts';

/**
 * A server that was started for the benchmark, with its own port and its own directory, separate from the machine's
 * servers.
 */
export interface Server {
  port: number;
  version: string;
  stop: () => Promise<void>;
}

/** Why there is no server. */
export class NotHere extends Error {}

const readyMs = 30_000;

/** Redis as BullMQ's documentation recommends: an append-only file, synced once a second. */
export async function startRedis(directory: string): Promise<Server> {
  const version = versionOf('redis-server');
  mkdirSync(directory);
  const port = await freePort();
  const flags = { port, bind: '127.0.0.1', dir: directory, save: '', appendonly: 'yes', appendfsync: 'everysec' };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn('redis-server', [...args, '--maxmemory-policy', 'noeviction'], { stdio: 'ignore' });
  return await answering(server, port, version, 'SIGTERM');
}

/** PostgreSQL with its defaults: a commit is on disk before it is acknowledged. */
export async function startPostgres(directory: string): Promise<Server> {
  const version = versionOf('postgres');
  mkdirSync(directory);
  // It does not run as root.
  const user = process.getuid?.() === 0 ? userIds('postgres') : undefined;
  if (user) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  try {
    execFileSync('initdb', ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale', 'C'], {
      ...user,
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    throw new NotHere(`initdb: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}`, { cause: error });
  }
  const port = await freePort();
  const server = spawn('postgres', ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', ''], {
    ...user,
    cwd: directory,
    stdio: 'ignore',
  });
  return await answering(server, port, version, 'SIGINT');
}

async function answering(
  server: ChildProcess,
  port: number,
  version: string,
  stopSignal: NodeJS.Signals,
): Promise<Server> {
  endWithUs(server, stopSignal);
  const exited = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill(stopSignal);
    await exited;
  };
  const deadline = performance.now() + readyMs;
  while (!(await takesConnections(port))) {
    if (server.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new NotHere(`${server.spawnfile} did not take connections within ${readyMs / 1000} s`);
    }
    await pause(50);
  }
  return { port, version, stop };
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Throws NotHere if there is no such program. */
export function versionOf(program: string): string {
  try {
    const text = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /\d+(\.\d+)+/.exec(text)![0];
  } catch (error) {
    throw new NotHere(`no ${program} on the PATH`, { cause: error });
  }
}

function userIds(name: string): { uid: number; gid: number } {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch (error) {
    throw new NotHere(`postgres does not run as root, and there is no user ${name}`, { cause: error });
  }
}
