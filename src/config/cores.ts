import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { readText } from '../core/read-text.ts';

/** Returns the text of a file, undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/**
 * How many CPUs this process may use, at least 1: as many as its affinity allows, or fewer if a cgroup's quota (a
 * container's `--cpus`) is lower. A fraction of a CPU is left to the supervisor and the producer.
 */
export function availableCores(): number {
  const quota = cpuQuota(readText) ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(availableParallelism(), Math.floor(quota)));
}

/**
 * The quota of this process's cgroups (version 1 or 2), in CPUs; undefined if there is none.
 * See "Control Group v2", cpu.max, and "CFS Bandwidth Control" in the documentation of the Linux kernel.
 */
export function cpuQuota(read: ReadText): number | undefined {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === '') return [{ mount: '/sys/fs/cgroup', path: path!, quotaIn: quotaOfVersion2 }];
    if (!controllers?.split(',').includes('cpu')) return [];
    return [controllers, 'cpu'].map((name) => ({
      mount: `/sys/fs/cgroup/${name}`,
      path: path!,
      quotaIn: quotaOfVersion1,
    }));
  });
  const quotas = groups.flatMap(({ mount, path, quotaIn }) =>
    withParents(path).map((directory) => quotaIn(join(mount, directory), read)),
  );
  const set = quotas.filter((quota) => quota !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}

/** Each level can set a quota. A container may see only the upper ones, under the path that the host sees. */
function withParents(path: string): string[] {
  return path === '/' ? [path] : [path, ...withParents(dirname(path))];
}

function quotaOfVersion2(directory: string, read: ReadText): number | undefined {
  const [quota, period] = (read(join(directory, 'cpu.max')) ?? 'max').trim().split(' ');
  return ratio(quota, period);
}

function quotaOfVersion1(directory: string, read: ReadText): number | undefined {
  return ratio(read(join(directory, 'cpu.cfs_quota_us')), read(join(directory, 'cpu.cfs_period_us')));
}

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const cpus = Number(quota) / Number(period);
  return Number.isFinite(cpus) && cpus > 0 ? cpus : undefined;
}
