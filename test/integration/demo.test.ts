import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';

const codeOf = async (child: ChildProcess): Promise<number | null> => {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
};

describe('npm run demo, without a terminal', () => {
  let directory: string;
  let output: string;
  let heard: (() => void) | undefined;

  beforeEach(() => {
    directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'millrace-demo-')));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const start = (): ChildProcess => {
    output = '';
    const child = spawn(process.execPath, [path.resolve('scripts/demo.mjs')], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        heard?.();
      });
    }
    return child;
  };

  /** Waits until the log has a line like this. */
  const logged = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(output);
      if (match) return match;
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
  };

  const line = (name: string): string => new RegExp(`^${name} +(.*)$`, 'm').exec(output)?.[1] ?? output;

  const ids = (): number[] => {
    const database = new Database(path.join(directory, 'pokedex.db'), { readonly: true });
    const found = database.prepare('SELECT id FROM pokemon ORDER BY id').pluck().all() as number[];
    database.close();
    return found;
  };

  /** Every process that the demo starts, directly or not, works in its directory. */
  const running = (): string[] =>
    readdirSync('/proc').filter((entry) => {
      try {
        return /^\d+$/.test(entry) && readlinkSync(`/proc/${entry}/cwd`) === directory;
      } catch {
        return false;
      }
    });

  const all = Array.from({ length: 151 }, (_, i) => i + 1);

  test('loads 151 rows, at the limit and never above it, and the same again the next time', async () => {
    for (const pass of ['first', 'second']) {
      const code = await codeOf(start());
      expect({ pass, code, output: code === 0 ? '' : output }).toEqual({ pass, code: 0, output: '' });
      expect(ids()).toEqual(all);
      expect(line('items')).toBe('151 of 151 in table pokemon of pokedex.db');
      expect(line('vendor')).toBe('151 calls answered, 10 in flight at most, 0 refused (429)');
      expect(line('floor')).toMatch(/^1\.60: /);
      expect(line('restarts')).toBe('0');
      expect(running()).toEqual([]);
    }
    expect(output).not.toContain('\u001B');
  });

  test('loads 151 rows even if a consumer is killed at work, and says that it was replaced', async () => {
    const child = start();
    const pid = Number((await logged(/"message":"ready","role":"consumer".*?"pid":(\d+)/))[1]);
    expect(pid).toBeGreaterThan(1);
    process.kill(pid, 'SIGKILL');
    const code = await codeOf(child);
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(ids()).toEqual(all);
    expect(line('restarts')).toBe('1');
    expect(running()).toEqual([]);
  });

  test('leaves no process when it is interrupted, and resumes with the rest', async () => {
    const child = start();
    await logged(/"message":"run started"/);
    child.kill('SIGINT');
    expect(await codeOf(child)).toBe(130);
    expect(output).toContain('npm run demo resumes with them');
    expect(running()).toEqual([]);

    const code = await codeOf(start());
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(ids()).toEqual(all);
  });
});
