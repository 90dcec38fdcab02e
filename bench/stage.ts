import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { marksVariable, readMarks, type Left } from './marks.ts';
import { watchedRun, type WatchedRun } from './measure/watched-run.ts';
import type { Task } from './floor/task.ts';

/** A run that went well, and what its processes left. */
export type Run = WatchedRun & Left;

export interface RunOptions {
  env?: Record<string, string>;
  /** What is done while it runs; `folder` is the run's. */
  meanwhile?: (pid: number, folder: string) => Promise<void>;
  /** Looks at the run's folder before it is removed; throws if something is wrong with what the run did. */
  check?: (folder: string) => void;
  /** How the run may end. */
  exitCodes?: readonly number[];
  /** Folder of the product's queue, if it is to outlive the run. */
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
  /** A folder on the disk that is to be measured, for as long as the benchmark runs. */
  folder: string;
}

/** The name of the SQLite file that a run's consumers write, in its folder. */
export const sinkFile = 'sink.db';

/** The name of the folder of the product's queue, in a run's folder. */
export const stateFolder = 'state';

/** Where everything is run: each run in a new folder, one after the other. */
export class Stage {
  readonly rounds: number;
  readonly scale: number;
  /** A folder on the disk that is to be measured. */
  readonly folder: string;
  readonly #options: StageOptions;

  constructor(options: StageOptions) {
    this.#options = options;
    this.rounds = options.rounds;
    this.scale = options.scale;
    this.folder = options.folder;
    mkdirSync(this.cacheFolder, { recursive: true });
  }

  /** Where the product keeps translated pipeline files. */
  get cacheFolder(): string {
    return join(this.folder, 'tmp');
  }

  scaled(items: number): number {
    return Math.ceil(items * this.#options.scale);
  }

  /** `millrace run` on a pipeline of this folder's, as a user starts it: log, control socket and all. */
  async millrace(pipeline: string, flags: readonly string[], options: RunOptions = {}): Promise<Run> {
    const file = join(import.meta.dirname, 'pipelines', `${pipeline}.ts`);
    const cli = join(this.#options.dist, 'cli.js');
    const state = options.state ?? stateFolder;
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

  /** `node -e 0`: the least that starting anything costs. */
  async bareNode(): Promise<Run> {
    return await this.#run([process.execPath, '-e', '0'], {});
  }

  async #run(command: readonly [string, ...string[]], options: RunOptions): Promise<Run> {
    const { env, meanwhile, check, exitCodes = [0] } = options;
    const folder = mkdtempSync(join(this.folder, 'run-'));
    const marks = join(folder, 'marks');
    const log = join(folder, 'log');
    mkdirSync(marks);
    try {
      const run = await watchedRun(command, {
        cwd: folder,
        env: { ...process.env, TMPDIR: this.cacheFolder, ...env, [marksVariable]: marks },
        log,
        ...(meanwhile && { meanwhile: (pid) => meanwhile(pid, folder) }),
      });
      if (run.exitCode === null || !exitCodes.includes(run.exitCode)) {
        const output = readFileSync(log, 'utf8').slice(-4000);
        throw new Error(
          `${command.join(' ')}: expected exit code ${exitCodes.join(' or ')}, got ${run.exitCode}\n${output}`,
        );
      }
      check?.(folder);
      return { ...run, ...readMarks(marks) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
