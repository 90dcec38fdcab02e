import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  inBundle?: boolean;
  /** For other platforms: what was never downloaded here has no digest. */
  optional?: boolean;
}

describe.each(['package-lock.json', 'bench/package-lock.json'])('the lock file %s', (file) => {
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> };
  const locked = Object.entries(packages).filter(([path]) => path !== '');

  it('names no host: every package is identified by its digest, not by a registry', () => {
    expect(locked.length).toBeGreaterThan(100);
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    const without = locked.filter(
      ([, one]) => !one.integrity?.startsWith('sha512-') && !one.link && !one.inBundle && !one.optional,
    );
    expect(without.map(([path]) => path)).toEqual([]);
  });
});
