import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { marksVariable, readMarks, type Left } from './marks.ts';
import { watchedRun, type WatchedRun } from './measure/watched-run.ts';
import type { Task } from './floor/task.ts';

/** A run that went well, and what its processes left. */
export type Run = WatchedRun & Left;

export interface RunOptions {
  env?: Record<string, string>;
  meanwhile?: (pid: number) => Promise<void>;
  /** Looks at the run's folder before it is removed; throws if something is wrong with what the run did. */
  check?: (folder: string) => void;
  /** How the run may end. */
  exitCodes?: readonly number[];
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

/** Where everything is run: each run in a new folder, one after the other. */
export class Stage {
  readonly rounds: number;
  readonly #options: StageOptions;

  constructor(options: StageOptions) {
    this.#options = options;
    this.rounds = options.rounds;
    mkdirSync(this.cacheFolder, { recursive: true });
  }

  /** Where the product keeps translated pipeline files. */
  get cacheFolder(): string {
    return join(this.#options.folder, 'tmp');
  }

  scaled(items: number): number {
    return Math.ceil(items * this.#options.scale);
  }

  /** `millrace run` on a pipeline of this folder's, as a user starts it: log, control socket and all. */
  async millrace(pipeline: string, flags: readonly string[], options: RunOptions = {}): Promise<Run> {
    const file = join(import.meta.dirname, 'pipelines', `${pipeline}.ts`);
    const cli = join(this.#options.dist, 'cli.js');
    return await this.#run([cli, 'run', file, '--state', 'state', ...flags], options);
  }

  /** The same without the product. */
  async floor(task: Omit<Task, 'spool'>, options: RunOptions = {}): Promise<Run> {
    const hub = join(this.#options.floor, 'hub.js');
    return await this.#run([hub, JSON.stringify({ ...task, spool: 'queue.db' })], options);
  }

  /** A Node program that was bundled with the floor. */
  async program(name: string, options: RunOptions = {}): Promise<Run> {
    return await this.#run([join(this.#options.floor, `${name}.js`)], options);
  }

  /** `node -e 0`: the least that starting anything costs. */
  async bareNode(): Promise<Run> {
    return await this.#run(['-e', '0'], {});
  }

  async #run(args: readonly string[], options: RunOptions): Promise<Run> {
    const { env, meanwhile, check, exitCodes = [0] } = options;
    const folder = mkdtempSync(join(this.#options.folder, 'run-'));
    const marks = join(folder, 'marks');
    const log = join(folder, 'log');
    mkdirSync(marks);
    try {
      const run = await watchedRun(args, {
        cwd: folder,
        env: { ...process.env, TMPDIR: this.cacheFolder, ...env, [marksVariable]: marks },
        log,
        ...(meanwhile && { meanwhile }),
      });
      if (run.exitCode === null || !exitCodes.includes(run.exitCode)) {
        const output = readFileSync(log, 'utf8').slice(-4000);
        throw new Error(
          `${args.join(' ')}: expected exit code ${exitCodes.join(' or ')}, got ${run.exitCode}\n${output}`,
        );
      }
      check?.(folder);
      return { ...run, ...readMarks(marks) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
