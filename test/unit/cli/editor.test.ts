import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'editor-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The output of a process that lets `editor` change a text. */
function edited(editor: string): { said: string; signal: NodeJS.Signals | null; left: string[] } {
  const args = ['--import', './scripts/typescript.mjs', 'test/fixtures/editing.ts', editor];
  const { stdout, signal } = spawnSync(process.execPath, args, {
    env: { ...process.env, TMPDIR: directory },
    encoding: 'utf8',
  });
  return { said: stdout, signal, left: readdirSync(directory).filter((name) => name.startsWith('millrace-edit')) };
}

it('a command leaves Ctrl-C to the editor, and deletes the file afterwards', () => {
  const left = edited(`kill -INT $PPID; kill -INT $$; exec sleep 60;`);
  expect(left).toEqual({
    said: expect.stringContaining('ended with SIGINT: nothing was changed'),
    signal: null,
    left: [],
  });
});
