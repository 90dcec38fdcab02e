import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison, Contestant } from '../measure/comparison.ts';
import { alternate } from '../measure/rounds.ts';
import { bundlePeers } from '../peers/bundle.ts';
import { NotHere, startPostgres, startRedis, versionOf as programVersion, type Server } from '../peers/servers.ts';
import { versionOf } from '../report/surroundings.ts';
import type { Stage } from '../stage.ts';
import { itemsOf, secondsOf, twoConsumers, warmUpItems, type BenchCase } from './throughput.ts';

interface Peer {
  name: string;
  file: string;
  /** As many items as take it a few seconds. */
  items: number;
  server?: 'Redis' | 'PostgreSQL';
  /** What happens to its items when the power fails. */
  durability: string;
}

const ours = 'Millrace';

const redisNote = 'append-only file synced once a second: a power failure takes the last second';
const postgresNote = 'its defaults: synced at each commit';
const memoryNote = 'nothing is stored: items are gone with the process';

const contestants: readonly Peer[] = [
  { name: 'bee-queue', file: 'bee-queue.mjs', items: 50_000, server: 'Redis', durability: redisNote },
  { name: 'BullMQ', file: 'bullmq.mjs', items: 20_000, server: 'Redis', durability: redisNote },
  {
    name: 'graphile-worker',
    file: 'graphile-worker.mjs',
    items: 50_000,
    server: 'PostgreSQL',
    durability: postgresNote,
  },
  { name: 'pg-boss', file: 'pg-boss.mjs', items: 50_000, server: 'PostgreSQL', durability: postgresNote },
  {
    name: 'plainjob',
    file: 'plainjob.mjs',
    items: 20_000,
    durability: 'SQLite with synchronous = NORMAL: a power failure takes the last commits',
  },
  { name: 'piscina', file: 'piscina.mjs', items: 100_000, durability: memoryNote },
  { name: 'workerpool', file: 'workerpool.mjs', items: 50_000, durability: memoryNote },
  { name: 'child_process.fork', file: 'fork.mjs', items: 1_000_000, durability: memoryNote },
  { name: 'multiprocessing.Queue', file: 'python-queue.py', items: 300_000, durability: memoryNote },
  { name: 'Pool.imap_unordered', file: 'python-imap.py', items: 1_000_000, durability: memoryNote },
];

/**
 * Our durable hand-off of 200-byte items to two consumers, compared with other products, each through its own batch
 * API.
 */
export const peers: BenchCase = async (stage) => {
  const servers = new Map<string, Server | NotHere>([
    ['Redis', await started(() => startRedis(join(stage.directory, 'redis')))],
    ['PostgreSQL', await started(() => startPostgres(join(stage.directory, 'postgres')))],
  ]);
  const programs = await bundlePeers();
  try {
    const count = stage.scaled(1_000_000);
    await stage.millrace('hand-off', twoConsumers, itemsOf(warmUpItems));
    const present = contestants.map((peer) => ({ peer, presence: presenceOf(peer, servers) }));
    const runs: Record<string, number[]> = await alternate<string, number>(stage.rounds, {
      [ours]: async () => count / secondsOf(await stage.millrace('hand-off', twoConsumers, itemsOf(count))),
      ...Object.fromEntries(
        present.flatMap(({ peer, presence }) =>
          presence.status === 'here' ? [[peer.name, () => itemsPerSecond(stage, programs, peer, presence.port)]] : [],
        ),
      ),
    });
    return present.map(({ peer, presence }): Comparison => {
      const beside: Contestant =
        presence.status === 'here'
          ? {
              name: peer.name,
              values: runs[peer.name]!,
              note: `${presence.version}; ${peer.durability}`,
              isInMemory: peer.durability === memoryNote,
            }
          : { name: peer.name, values: [], note: presence.reason };
      return { what: `hand-off vs. ${peer.name}`, unit: 'items/s', digits: 0, product: runs[ours]!, beside };
    });
  } finally {
    for (const server of servers.values()) if (!(server instanceof NotHere)) await server.stop();
    rmSync(programs, { recursive: true, force: true });
  }
};

async function started(start: () => Promise<Server>): Promise<Server | NotHere> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof NotHere) return error;
    throw error;
  }
}

type Presence = { status: 'here'; version: string; port: number | undefined } | { status: 'missing'; reason: string };

function presenceOf(peer: Peer, servers: Map<string, Server | NotHere>): Presence {
  try {
    const server = peer.server && servers.get(peer.server);
    if (server instanceof NotHere) throw server;
    const version = server ? `${ownVersion(peer)} on ${peer.server} ${server.version}` : ownVersion(peer);
    return { status: 'here', version, port: server?.port };
  } catch (error) {
    if (error instanceof NotHere) return { status: 'missing', reason: error.message };
    throw error;
  }
}

function ownVersion({ name, file }: Peer): string {
  if (file.endsWith('.py')) return `Python ${programVersion('python3')}`;
  if (file === 'fork.mjs') return `Node ${process.version.slice(1)}`;
  const version = versionOf(join(import.meta.dirname, '../node_modules', name.toLowerCase()));
  if (version === undefined) throw new NotHere('not installed: npm ci --prefix bench');
  return version;
}

async function itemsPerSecond(stage: Stage, programs: string, { file, items }: Peer, port?: number): Promise<number> {
  const count = stage.scaled(items);
  const isPython = file.endsWith('.py');
  const path = join(isPython ? join(import.meta.dirname, '../peers') : programs, file);
  const run = await stage.command([isPython ? 'python3' : process.execPath, path], {
    env: { BENCH_ITEMS: String(count), BENCH_PORT: String(port), PYTHONDONTWRITEBYTECODE: '1' },
  });
  // Until the last item is done, without the end of its processes. Our own time includes that end.
  return count / ((run.mark('done') - run.mark('first-yield')) / 1e9);
}
