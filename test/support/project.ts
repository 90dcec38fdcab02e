/** A directory with pipelines, and `millrace` run in it as a user would: real processes, from the built files. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from '@jest/globals';
import Database from 'better-sqlite3';
import { Waiters } from '../../src/core/waiters.ts';
import type { Status } from '../../src/observability/status.ts';

const cli = resolve('dist/cli.js');

// One process less to wait for, unless a test asks for more.
const defaults = { MILLRACE_CONSUMERS: '1' };

/** A line of the JSON log. */
export interface LogEntry {
  event?: string;
  level: string;
  message: string;
  role?: string;
  ordinal?: number;
  pid?: number;
  [field: string]: unknown;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A running `millrace` command. */
export interface Running {
  readonly pid: number;
  readonly log: readonly LogEntry[];
  readonly ended: Promise<Ended>;
  /** Resolves with the first line of the log that `matches`, past or future. Rejects if the command ends first. */
  logged: (event: string, matches?: (entry: LogEntry) => boolean) => Promise<LogEntry>;
  kill: (signal: NodeJS.Signals) => void;
  readonly process: ChildProcess;
}

export class Project {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-')));
  readonly #running = new Set<ChildProcess>();
  #isOver = false;
  #lastEnded: Ended | undefined;

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string, encoding: BufferEncoding = 'utf8'): string {
    writeFileSync(this.path(name), text, encoding);
    return this.path(name);
  }

  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8') : '';
  }

  /**
   * Starts `millrace` with these arguments, optionally through another program. It leads its own process group, as a
   * shell's job does.
   */
  start(args: readonly string[], env: Record<string, string> = {}, through: readonly string[] = []): Running {
    const [program, ...rest] = [...through, process.execPath, cli, ...args];
    const child = spawn(program!, rest, {
      cwd: this.directory,
      env: { ...process.env, ...defaults, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#running.add(child);
    this.#lastEnded = undefined;
    const log: LogEntry[] = [];
    const text = { stdout: '', stderr: '' };
    const watchers = new Waiters();
    child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
    createInterface({ input: child.stderr }).on('line', (line) => {
      text.stderr += `${line}\n`;
      if (line.startsWith('{')) log.push(JSON.parse(line) as LogEntry);
      watchers.wake();
    });
    let hasEnded = false;
    const ended = new Promise<Ended>((settle) => {
      child.on('close', (code, signal) => {
        hasEnded = true;
        this.#running.delete(child);
        this.#lastEnded = { code, signal, ...text };
        watchers.wake();
        settle(this.#lastEnded);
      });
    });
    return {
      pid: child.pid!,
      log,
      ended,
      process: child,
      kill: (signal) => void child.kill(signal),
      logged: async (event, matches = () => true) => {
        for (;;) {
          const found = log.find((entry) => entry.event === event && matches(entry));
          if (found) return found;
          if (hasEnded) throw new Error(`it ended without having logged ${event}:\n${text.stderr}`);
          await watchers.next();
        }
      },
    };
  }

  /** Runs `millrace` to its end. */
  async run(...how: Parameters<Project['start']>): Promise<Ended> {
    return await this.start(...how).ended;
  }

  /** The result of a query on a database in the directory. */
  query<Row>(file: string, sql: string): Row[] {
    const db = new Database(this.path(file), { readonly: true });
    try {
      return db.prepare(sql).all() as Row[];
    } finally {
      db.close();
    }
  }

  /** Expects the rows of a table in the directory to have the ids 1…`items`, each of them once. */
  expectEachOnce(items: number, { file = 'out.db', table = 'rows' } = {}): void {
    const sql = `SELECT count(*) AS rows, count(DISTINCT id) AS ids, min(id) AS lowest, max(id) AS highest FROM "${table}"`;
    // oxlint-disable-next-line jest/no-standalone-expect -- it is called in tests
    expect(this.query(file, sql)).toEqual([{ rows: items, ids: items, lowest: 1, highest: items }]);
  }

  /** The status of the running pipeline `name`, from its control socket. */
  async status(name: string): Promise<Status> {
    return await new Promise((resolveStatus, reject) => {
      const socketPath = this.path(`.millrace/${name}/control.sock`);
      request({ socketPath, path: '/api/status' }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolveStatus(JSON.parse(body) as Status));
      })
        .on('error', reject)
        .end();
    });
  }

  /** Polls until the status is as wished. Rejects if nothing runs any more. */
  async statusWhere(name: string, isWished: (status: Status) => boolean): Promise<Status> {
    return await this.until(async () => {
      const status = await this.status(name).catch(() => undefined);
      return status && isWished(status) ? status : undefined;
    });
  }

  /** Polls `look` until it returns a value, and resolves with that. For states that send no event. */
  async until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    for (;;) {
      if (this.#isOver) throw new Error('the test is over, but what it waited for has not happened');
      const found = await look();
      if (found !== undefined) return found;
      if (this.#running.size === 0 && this.#lastEnded)
        throw new Error(`what was waited for cannot come any more:\n${this.#lastEnded.stderr}`);
      await new Promise((again) => setTimeout(again, 10));
    }
  }

  /** Resolves when at most `but` processes still work in this directory. */
  async quiet({ but = 0 } = {}): Promise<void> {
    while (!this.#isOver && processesOf(this.directory).length > but)
      await new Promise((again) => setTimeout(again, 10));
  }

  /** Kills the processes that still run, and removes the directory. */
  async clean(): Promise<void> {
    this.#isOver = true;
    for (const child of this.#running) {
      const gone = new Promise((settle) => child.once('close', settle));
      process.kill(-child.pid!, 'SIGKILL');
      await gone;
    }
    for (const pid of processesOf(this.directory)) process.kill(pid, 'SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Pids of the live processes whose current directory is `directory`. */
export function processesOf(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        // A zombie has no current directory.
        return pid !== process.pid && realpathSync(`/proc/${pid}/cwd`) === directory;
      } catch {
        return false;
      }
    });
}
