import { configError } from './errors.ts';

/** The first release without the bug, and the patch releases of older branches that also have the fix. */
const fixedIn = [3, 51, 3] as const;
const fixedBranches: readonly (readonly [number, number, number])[] = [
  [3, 50, 7],
  [3, 44, 6],
];

/**
 * Throws a configuration error unless SQLite `version` ("3.53.2", as `sqlite_version()` returns it) is safe for a WAL
 * that several connections write: from 3.7.0 to 3.51.2, a race could lose committed rows or damage an index
 * (https://sqlite.org/wal.html#walresetbug). Checked whenever a database is opened, because a refreshed lock file can
 * bring in an older SQLite unnoticed.
 */
export function requireSafeSqlite(version: string): void {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  const [major = 0, minor = 0, patch = 0] = parts?.slice(1).map(Number) ?? [];
  const isFixed =
    compare([major, minor, patch], fixedIn) >= 0 ||
    fixedBranches.some((branch) => major === branch[0] && minor === branch[1] && patch >= branch[2]);
  if (isFixed) return;
  throw configError(
    'SQLITE_VERSION',
    `expected SQLite ${fixedIn.join('.')} or newer (or ${fixedBranches.map((branch) => branch.join('.')).join(', ')}), got ${version}: ` +
      'it can lose committed rows (https://sqlite.org/wal.html#walresetbug). Install better-sqlite3 12.11.1 or newer.',
  );
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, part] of a.entries()) if (part !== b[i]) return part - (b[i] ?? 0);
  return 0;
}
