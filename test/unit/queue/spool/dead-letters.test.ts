import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { Redaction } from '../../../../src/core/redaction.ts';
import { deadLettersAtRest } from '../../../../src/queue/spool/dead-letters.ts';
import { applicationId, migrations } from '../../../../src/queue/spool/schema.ts';
import { verifySpool } from '../../../../src/queue/spool/verify.ts';
import { Spool } from '../../../../src/queue/spool/spool.ts';
import { aRun, deadOf, frameOf, group } from '../../../contract/store.ts';

let directory: string;
let file: string;
let redaction: Redaction;
beforeEach(() => {
  redaction = new Redaction();
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  file = join(directory, 'queue.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

const atRest = (pipeline?: string) =>
  deadLettersAtRest(file, { pipeline, onRedacted: (names) => redaction.hideNames(names) });

describe('the dead letters of a queue that no supervisor has open', () => {
  it.each(migrations.map((_, i) => i + 1))('can be read at schema version %i, without changing the file', (version) => {
    const db = new Database(file);
    db.pragma('journal_mode = WAL');
    for (const step of migrations.slice(0, version)) db.exec(step);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${version}`);
    const { shapes, body } = frameOf('an item');
    db.prepare(
      `INSERT INTO dead (seq, run, origin, attempts, reason, error, died_at, shapes, body) VALUES (7, 'run', 7, 2, 'why', '{"code":"E","message":"why"}', 5, ?, ?)`,
    ).run(shapes, body);
    db.close();
    const before = readFileSync(file);
    const store = atRest();
    const head = { seq: 7, run: 'run', origin: 7, attempts: 2, kills: 0, history: [], diedAt: 5 };
    expect(store.readDeadHeads({ after: 0, limit: 10 })).toMatchObject([head]);
    expect(store.readDead({ after: 0, limit: 10 })).toMatchObject([head]);
    expect(store.readDead({ after: 0, limit: 1 })).toMatchObject([head]);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(directory)).toEqual(['queue.db']);
  });

  it('are redacted by the names that the last start of a supervisor knew to be secret', () => {
    const spool = Spool.open({ file, durability: 'full' });
    spool.claims.noteRedacted(['iban', 'email']);
    spool.claims.noteRedacted(['iban']);
    spool.close();
    expect(redaction.text('iban=5 email=5')).toBe('iban=5 email=5');
    atRest().readDeadHeads({ after: 0, limit: 1 });
    expect(redaction.text('iban=5 email=5')).toBe('iban=[redacted] email=5');
  });

  it('are not shown for a pipeline that does not own the queue', () => {
    const spool = Spool.open({ file, durability: 'full' });
    spool.claims.claim({ pipeline: 'aaa', file: '/aaa.ts', sinkKind: 'discard', sinkTarget: 'nowhere' });
    spool.close();
    for (const open of [() => atRest('bbb').readDead({ after: 0, limit: 1 }), () => verifySpool(file, 'bbb')]) {
      expect(open).toThrow(expect.objectContaining({ code: 'OTHER_PIPELINE', exitCode: 78 }));
    }
    atRest('aaa').readDead({ after: 0, limit: 1 });
    atRest().readDead({ after: 0, limit: 1 });
  });
});

describe('the dead letters of a queue, while they are shown', () => {
  /** Leaves letters with these seqs in the queue. */
  function leave(seqs: readonly number[]): void {
    const spool = Spool.open({ file, durability: 'full' });
    const dead = seqs.map((seq) => deadOf(seq, { frame: frameOf(`item ${seq}`) }));
    spool.store.commit(group({ run: { ...aRun, nextSeq: 1000 }, dead }));
    spool.close();
  }

  it('leave the queue unlocked: a supervisor can start between any two of them', () => {
    leave([2, 3, 5]);
    const letters = atRest();
    for (const after of [0, 2, 3]) {
      expect(letters.readDead({ after, limit: 1 })).toMatchObject([{ seq: after === 0 ? 2 : after === 2 ? 3 : 5 }]);
      Spool.open({ file, durability: 'full' }).close();
      expect(letters.readDeadHeads({ after, limit: 10 })).toHaveLength(after === 0 ? 3 : after === 2 ? 2 : 1);
      Spool.open({ file, durability: 'full' }).close();
    }
  });

  it('are found by seq, in whatever pattern they are requested', () => {
    const seqs = Array.from({ length: 300 }, (_, i) => 3 * i + 1);
    leave(seqs);
    const letters = atRest();
    const patterns: number[][] = [seqs, seqs.filter((_, i) => i % 7 === 0), [1, 4, 7, 1, 4, 400, 403, 7, 898, 1]];
    for (const pattern of patterns) {
      expect(pattern.map((seq) => letters.readDead({ after: seq - 1, limit: 1 })[0]?.seq)).toEqual(pattern);
    }
    expect(letters.readDead({ after: 898, limit: 1 })).toEqual([]);
    expect(letters.readDead({ after: 899, limit: 1 })).toEqual([]);
  });
});
