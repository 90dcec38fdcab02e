import { describe, expect, it } from '@jest/globals';
import { requireSafeSqlite } from '../../../src/core/sqlite-version.ts';

describe('SQLite', () => {
  it.each(['3.51.3', '3.52.0', '3.53.2', '4.0.0', '3.50.7', '3.50.8', '3.44.6'])('%s is accepted', (version) => {
    expect(() => requireSafeSqlite(version)).not.toThrow();
  });

  it.each(['3.51.2', '3.50.6', '3.49.2', '3.44.5', '3.45.9', '3.7.0', '2.8.17', '', 'unknown'])(
    '%p is refused, and the message says which version is needed',
    (version) => {
      expect(() => requireSafeSqlite(version)).toThrow(
        expect.objectContaining({ code: 'SQLITE_VERSION', exitCode: 78 }),
      );
      expect(() => requireSafeSqlite(version)).toThrow(/expected SQLite 3\.51\.3 or newer .* got .*better-sqlite3/);
    },
  );
});
