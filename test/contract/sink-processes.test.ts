import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import { build } from 'esbuild';

const processes = 24;
const batches = 20;

describe('a SQLite database', () => {
  let directory: string;
  let fixture: string;
  let children: Child[];

  beforeEach(async () => {
    children = [];
    directory = mkdtempSync(join(tmpdir(), 'millrace-processes-'));
    // The bundle finds better-sqlite3 from here.
    const built = resolve('node_modules/.cache/millrace-test');
    mkdirSync(built, { recursive: true });
    fixture = join(built, `sink-writer-${process.pid}.mjs`);
    await build({
      entryPoints: [resolve('test/fixtures/sink-writer.ts')],
      outfile: fixture,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['better-sqlite3'],
    });
  });
  afterEach(async () => {
    for (const { child } of children) child.kill('SIGKILL');
    await Promise.all(children.map(async ({ end }) => await end));
    rmSync(directory, { recursive: true });
    rmSync(fixture);
  });

  it('can be created and written to by 24 processes at the same time, without any busy error', async () => {
    const file = join(directory, 'results.db');
    children = Array.from({ length: processes }, (_, writer) => start(fixture, [file, `${writer}`, `${batches}`]));
    await Promise.all(children.map(async ({ child }) => await once(child, 'message')));
    for (const { child } of children) child.send('go');
    const ends = await Promise.all(children.map(async ({ end }) => await end));
    expect(ends).toEqual(ends.map(() => ({ code: 0, output: '' })));

    const db = new Sqlite(file, { readonly: true });
    const total = processes * batches * 2;
    expect(db.prepare('SELECT count(*), count(DISTINCT seq), min(seq), max(seq) FROM results').raw().get()).toEqual([
      total,
      total,
      0,
      total - 1,
    ]);
    expect(db.prepare('SELECT sum(to_seq - from_seq + 1) FROM millrace_ledger').pluck().get()).toBe(total);
    db.close();
  }, 60_000);
});

interface Child {
  child: ChildProcess;
  /** How it ended, and its whole output. */
  end: Promise<{ code: number | null; output: string }>;
}

function start(fixture: string, args: string[]): Child {
  const child = fork(fixture, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const end = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, end };
}
