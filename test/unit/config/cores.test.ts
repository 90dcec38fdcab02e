import { availableParallelism } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { availableCores, cpuQuota } from '../../../src/config/cores.ts';

function quotaWith(files: Record<string, string>): number | undefined {
  return cpuQuota((path) => files[path]);
}

describe('the quota of CPUs', () => {
  it.each([
    ['does not exist outside Linux', {}, undefined],
    [
      'does not exist in version 2 if it is "max"',
      { '/proc/self/cgroup': '0::/user.slice\n', '/sys/fs/cgroup/user.slice/cpu.max': 'max 100000\n' },
      undefined,
    ],
    [
      'is read in version 2 in a container',
      { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '150000 100000\n' },
      1.5,
    ],
    [
      'is the lowest of its own and its parents in version 2',
      {
        '/proc/self/cgroup': '0::/a.slice/b.service\n',
        '/sys/fs/cgroup/a.slice/b.service/cpu.max': '400000 100000\n',
        '/sys/fs/cgroup/a.slice/cpu.max': '200000 100000\n',
        '/sys/fs/cgroup/cpu.max': 'max 100000\n',
      },
      2,
    ],
    [
      'is read in version 1',
      {
        '/proc/self/cgroup': '5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n1:name=systemd:/\n',
        '/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us': '300000\n',
        '/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us': '100000\n',
      },
      3,
    ],
    [
      'is read in version 1 in a container that sees the path of its host',
      {
        '/proc/self/cgroup': '4:cpuacct,cpu:/docker/1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      0.5,
    ],
    [
      'does not exist in version 1 if it is -1',
      {
        '/proc/self/cgroup': '1:cpu:/\n0::/\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      undefined,
    ],
    [
      'is ignored if it cannot be parsed',
      { '/proc/self/cgroup': 'x\n0:\n::\n', '/sys/fs/cgroup/cpu.max': 'x y z' },
      undefined,
    ],
  ])('%s', (_, files, quota) => {
    expect(quotaWith(files as Record<string, string>)).toBe(quota);
  });
});

describe('the CPUs that this process may use', () => {
  it('number at least one, and at most as many as its affinity allows', () => {
    expect(availableCores()).toBeGreaterThanOrEqual(1);
    expect(availableCores()).toBeLessThanOrEqual(availableParallelism());
  });
});
