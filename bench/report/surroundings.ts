import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** The machine, the time and the versions of a result. */
export interface Surroundings {
  at: string;
  /** undefined outside of a checkout. */
  commit: string | undefined;
  machine: { cores: number; cpu: string | undefined; memoryGiB: number; system: string };
  versions: Record<string, string>;
}

export function surroundings(root: string): Surroundings {
  const [cpu] = cpus();
  return {
    at: new Date().toISOString(),
    commit: commit(root),
    machine: {
      cores: cpus().length,
      cpu: cpu?.model,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${process.platform} ${release()}`,
    },
    versions: {
      millrace: versionOf(root)!,
      node: process.version.slice(1),
      'better-sqlite3': versionOf(join(root, 'node_modules/better-sqlite3'))!,
      sqlite: new Database(':memory:').prepare('SELECT sqlite_version()').pluck().get() as string,
    },
  };
}

/** Version of the package in a directory; undefined if there is none. */
export function versionOf(directory: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** The commit, with `-dirty` if the measured code has changed since. */
function commit(root: string): string | undefined {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    const changes = git('status', '--porcelain', '--', '.', ':!bench/results', ':!*.md');
    return `${git('describe', '--always')}${changes === '' ? '' : '-dirty'}`;
  } catch {
    return undefined;
  }
}
