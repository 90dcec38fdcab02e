import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Two ends of one connection, as between a process and its child, in this process. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-'));
  const server = createServer().listen(join(directory, 'socket'));
  try {
    await once(server, 'listening');
    const near = connect(join(directory, 'socket'));
    const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown];
    return [near, far];
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
}
