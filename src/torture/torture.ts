/** Tortures a pipeline: runs rounds until there have been enough kills or a problem is found. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { errorData } from '../core/errors.ts';
import { seededRandom } from '../core/seeded-random.ts';
import type { Pipeline } from '../pipeline/types.ts';
import { gatherEvidence } from './gather.ts';
import { schedule, type Planned } from './faults.ts';
import { judgeAll, type Verdict } from './oracle.ts';
import { placesIn } from './places.ts';
import { runRound } from './round.ts';
import { eachSink } from './sink-kind.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

export interface TortureOptions {
  clock: Clock;
  seed: number;
  kills: number;
  pipeline: Pipeline;
  /** How many items its source has, if known. */
  sourceItems: number | undefined;
  /** The text of the pipeline file for a round in this directory. */
  pipelineFile: (directory: string) => string;
  /** The command that runs a pipeline file on a state directory: a program and its arguments. */
  command: (file: string, state: string) => readonly string[];
  /** The directory that it runs in. */
  directory: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Whether the supervisors get our standard input, which must be a file: each reads it again. */
  hasStdin: boolean;
  /** The words before the command, which alternate from round to round. */
  prefixes: readonly (readonly string[])[];
  /** The directory for all output. It exists and is empty. */
  workDirectory: string;
  isKept: boolean;
  patienceMs: number;
  signal: AbortSignal;
  onProgress: (result: TortureResult) => void;
}

/** The result, or the progress. */
export interface TortureResult extends Verdict {
  seed: number;
  wantedKills: number;
  kills: number;
  rounds: number;
  /** How many supervisors were started. */
  starts: number;
  seconds: number;
  /** How often each fault was injected, by kind and target. */
  faults: Record<string, number>;
  /** The directory with the files of the round that failed. */
  evidence: string | undefined;
}

/** How many rounds in a row may end before a fault could be injected. */
const mostIdleRounds = 5;

/** Resolves to the result, even if it is bad. Rejects only if the torture could not be carried out. */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const directory = join(options.workDirectory, 'disk');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const disk = await mountSmallDisk(directory);
  try {
    return await new Torture(options, directory, disk).run();
  } finally {
    await disk?.close();
  }
}

class Torture {
  readonly #options: TortureOptions;
  /** The directory of the queues, as the supervisors see it. */
  readonly #directory: string;
  readonly #disk: SmallDisk | undefined;
  readonly #random: () => number;
  readonly #schedule: Iterator<Planned, never>;
  readonly #result: TortureResult;

  constructor(options: TortureOptions, directory: string, disk: SmallDisk | undefined) {
    this.#options = options;
    this.#directory = directory;
    this.#disk = disk;
    this.#random = seededRandom(options.seed);
    const sinks = eachSink(options.pipeline.sink);
    this.#schedule = schedule(this.#random, {
      canFillDisk: disk !== undefined,
      sinks: sinks.length,
      finishing: sinks.flatMap(({ finish }, number) => (finish ? [number] : [])),
    });
    this.#result = emptyResult(options);
    if (!disk) this.#result.unchecked.push('a full disk, because this machine does not let us mount a small one');
  }

  async run(): Promise<TortureResult> {
    const { clock, kills, signal } = this.#options;
    const result = this.#result;
    const begin = clock.now();
    let idle = 0;
    while (result.kills < kills && idle < mostIdleRounds && result.problems.length === 0 && !signal.aborted) {
      idle = (await this.#round()) === 0 ? idle + 1 : 0;
      result.seconds = (clock.now() - begin) / 1000;
    }
    if (idle > 0) result.unchecked.push('more kills, because the pipeline ends too soon after it starts');
    return result;
  }

  /** Resolves to the number of faults that could be injected. */
  async #round(): Promise<number> {
    const { command, pipelineFile, directory, prefixes, isKept, signal } = this.#options;
    const result = this.#result;
    const name = `round-${++result.rounds}`;
    const places = placesIn(join(this.#options.workDirectory, name));
    const state = join(this.#directory, name);
    const seenState = this.#disk ? join(this.#disk.directory, name) : state;
    const { strikes, problems } = await runRound({
      ...this.#options,
      random: this.#random,
      places,
      pipeline: pipelineFile(places.directory),
      command: [
        ...(this.#disk?.enter(directory) ?? []),
        ...prefixes[result.rounds % prefixes.length]!,
        ...command(places.pipeline, state),
      ],
      disk: this.#disk,
      schedule: this.#schedule,
      isEnough: () => result.kills >= result.wantedKills,
      onStruck: ({ kind, target, isKill }) => {
        const fault = `${kind}: ${target}`;
        result.faults[fault] = (result.faults[fault] ?? 0) + 1;
        if (isKill) result.kills += 1;
        this.#options.onProgress(result);
      },
      onStart: () => {
        result.starts += 1;
        this.#options.onProgress(result);
      },
    });
    if (signal.aborted) return strikes;
    result.problems.push(...problems);
    // A disk in memory is gone when we end, and SQLite would look for the file in the wrong place.
    const queue = this.#disk ? join(places.directory, 'state') : state;
    if (this.#disk) cpSync(seenState, queue, { recursive: true, filter: isNoSocket });
    if (problems.length === 0) this.#judge(places, queue);
    if (result.problems.length > 0) result.evidence = places.directory;
    if (!isKept && result.evidence === undefined) {
      for (const each of [places.directory, seenState]) rmSync(each, { recursive: true, force: true });
    }
    return strikes;
  }

  #judge(places: ReturnType<typeof placesIn>, state: string): void {
    const { pipeline, sourceItems } = this.#options;
    const result = this.#result;
    try {
      const verdict = judgeAll(gatherEvidence(pipeline, places, { state, sourceItems }));
      for (const count of ['emitted', 'done', 'dead', 'rows', 'repeated'] as const) result[count] += verdict[count];
      result.problems.push(...verdict.problems);
      for (const text of verdict.unchecked) if (!result.unchecked.includes(text)) result.unchecked.push(text);
    } catch (error) {
      result.problems.push({
        kind: 'unfinished',
        count: 1,
        text: `the remains cannot be read: ${errorData(error).message}`,
      });
    }
  }
}

function isNoSocket(path: string): boolean {
  return !path.endsWith('.sock');
}

function emptyResult({ seed, kills }: TortureOptions): TortureResult {
  return {
    seed,
    wantedKills: kills,
    kills: 0,
    rounds: 0,
    starts: 0,
    seconds: 0,
    faults: {},
    emitted: 0,
    done: 0,
    dead: 0,
    rows: 0,
    repeated: 0,
    problems: [],
    unchecked: [],
    evidence: undefined,
  };
}
