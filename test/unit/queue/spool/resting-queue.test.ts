import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { lookAtRest } from '../../../../src/queue/spool/resting-queue.ts';
import { applicationId, migrations } from '../../../../src/queue/spool/schema.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  file = join(directory, 'queue.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a queue that no supervisor has open', () => {
  it.each(migrations.map((_, i) => i + 1))('can be read at schema version %i, without changing it', (version) => {
    const db = new Database(file);
    db.pragma('journal_mode = WAL');
    for (const step of migrations.slice(0, version)) db.exec(step);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${version}`);
    db.prepare(
      `INSERT INTO run (run, state, fingerprint, cursor_count, next_seq, stored, done, dead, started_at)
       VALUES ('monday', 'running', 'f', 0, 1, 0, 0, 0, 5)`,
    ).run();
    db.close();
    const before = readFileSync(file);
    expect(lookAtRest(file)).toMatchObject({ run: { run: 'monday', params: {} }, redact: [], queued: 0 });
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
