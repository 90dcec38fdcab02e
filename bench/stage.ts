import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { marksVariable, readMarks, type Left } from './marks.ts';
import { watchedRun, type WatchedRun } from './measure/watched-run.ts';
import type { Task } from './floor/task.ts';

/** A successful run, and the marks that its processes left. */
export type Run = WatchedRun & Left;

export interface RunOptions {
  env?: Record<string, string>;
  /** Called while the run is in progress; `directory` is that of the run. */
  meanwhile?: (pid: number, directory: string) => Promise<void>;
  /** Checks the run's directory before it is removed; throws if the run did something wrong. */
  check?: (directory: string) => void;
  /** Exit codes that the run may end with. */
  exitCodes?: readonly number[];
  /** Directory of the product's queue, if the queue must outlive the run. */
  state?: string;
}

export interface StageOptions {
  /** Rounds of each comparison. */
  rounds: number;
  /** Multiplies the numbers of items: below 1 for a quick look. */
  scale: number;
  /** The built product. */
  dist: string;
  /** The bundled floor. */
  floor: string;
  /** A directory on the disk that is measured. It exists as long as the benchmark runs. */
  directory: string;
}

/** The name of the SQLite file that a run's consumers write, in its directory. */
export const sinkFile = 'sink.db';

/** The name of the directory of the product's queue, in a run's directory. */
export const stateDirectory = 'state';

/** Where everything is run: each run in a new directory, one after the other. */
export class Stage {
  readonly rounds: number;
  readonly scale: number;
  /** A directory on the disk that is measured. */
  readonly directory: string;
  readonly #options: StageOptions;

  constructor(options: StageOptions) {
    this.#options = options;
    this.rounds = options.rounds;
    this.scale = options.scale;
    this.directory = options.directory;
    mkdirSync(this.cacheDirectory, { recursive: true });
  }

  /** Where the product keeps translated pipeline files. */
  get cacheDirectory(): string {
    return join(this.directory, 'tmp');
  }

  scaled(items: number): number {
    return Math.ceil(items * this.#options.scale);
  }

  /** `millrace run` on a pipeline in this directory, as a user starts it, with log and control socket. */
  async millrace(pipeline: string, flags: readonly string[], options: RunOptions = {}): Promise<Run> {
    const file = join(import.meta.dirname, 'pipelines', `${pipeline}.ts`);
    const cli = join(this.#options.dist, 'cli.js');
    const state = options.state ?? stateDirectory;
    return await this.#run([process.execPath, cli, 'run', file, '--state', state, ...flags], options);
  }

  /** The same without the product. */
  async floor(task: Omit<Task, 'spool'>, options: RunOptions = {}): Promise<Run> {
    const hub = join(this.#options.floor, 'hub.js');
    return await this.#run([process.execPath, hub, JSON.stringify({ ...task, spool: 'queue.db' })], options);
  }

  /** A Node program that was bundled with the floor. */
  async program(name: string, options: RunOptions = {}): Promise<Run> {
    return await this.#run([process.execPath, join(this.#options.floor, `${name}.js`)], options);
  }

  /** Any other program. */
  async command(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<Run> {
    return await this.#run(command, options);
  }

  /** `node -e 0`: the least that starting a program costs. */
  async bareNode(): Promise<Run> {
    return await this.#run([process.execPath, '-e', '0'], {});
  }

  async #run(command: readonly [string, ...string[]], options: RunOptions): Promise<Run> {
    const { env, meanwhile, check, exitCodes = [0] } = options;
    const directory = mkdtempSync(join(this.directory, 'run-'));
    const marks = join(directory, 'marks');
    const log = join(directory, 'log');
    mkdirSync(marks);
    try {
      const run = await watchedRun(command, {
        cwd: directory,
        env: { ...process.env, TMPDIR: this.cacheDirectory, ...env, [marksVariable]: marks },
        log,
        ...(meanwhile && { meanwhile: (pid) => meanwhile(pid, directory) }),
      });
      if (run.exitCode === null || !exitCodes.includes(run.exitCode)) {
        const output = readFileSync(log, 'utf8').slice(-4000);
        throw new Error(
          `${command.join(' ')}: expected exit code ${exitCodes.join(' or ')}, got ${run.exitCode}\n${output}`,
        );
      }
      check?.(directory);
      return { ...run, ...readMarks(marks) };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}
