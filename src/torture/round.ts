/**
 * A round: one run of the pipeline from the start of its source to its end, with any number of supervisors. The pipeline is
 * started, hit by faults, and started again with the same command, as an operator or systemd would do.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause, type Clock } from '../core/clock.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Planned } from './faults.ts';
import { progressIn, wholeLines } from './journal.ts';
import type { Problem } from './problem.ts';
import type { Places } from './places.ts';
import type { SmallDisk } from './small-disk.ts';
import { sendSignal } from './processes.ts';
import { strike, type Struck } from './strike.ts';
import { Victim, type Exit } from './victim.ts';
import type { ProcessIdentity } from '../queue/writers.ts';
import { identify } from '../supervision/posts/identity.ts';

export interface RoundOptions {
  clock: Clock;
  random: () => number;
  places: Places;
  /** The text of the pipeline file that runs. */
  pipeline: string;
  /** The command that runs it: a program and its arguments. */
  command: readonly string[];
  /** The directory that it runs in. */
  directory: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Whether it gets our standard input. */
  hasStdin: boolean;
  disk: SmallDisk | undefined;
  schedule: Iterator<Planned, never>;
  /** Whether there have been enough faults. From then on the run is left alone. */
  isEnough: () => boolean;
  onStruck: (struck: Struck) => void;
  onStart: () => void;
  /** A run in which nothing has happened for this long is stuck. */
  patienceMs: number;
  /** When aborted, everything is killed and nothing is judged. */
  signal: AbortSignal;
}

export interface RoundResult {
  starts: number;
  strikes: number;
  problems: Problem[];
}

const lookEveryMs = 20;
/** How long a process may outlive its run: a frozen process wakes, sees that its supervisor is gone, and ends. */
const goneWithinMs = 5000;
/** After this many supervisors in a row that ended by themselves, the round is given up. */
const mostFailures = 3;

/** Runs a round to its end. Resolves to the result, as far as it is known without looking at items. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const { places } = options;
  for (const directory of [places.journal, places.output]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(places.pipeline, options.pipeline);
  const round = new Round(options);
  const interrupt = (): void => round.end();
  options.signal.addEventListener('abort', interrupt);
  try {
    await round.run();
  } finally {
    options.signal.removeEventListener('abort', interrupt);
    round.end();
  }
  return round.result;
}

class Round {
  readonly #options: RoundOptions;
  readonly result: RoundResult = { starts: 0, strikes: 0, problems: [] };
  /** All children that were seen, by pid. */
  readonly #seen = new Map<number, ProcessIdentity>();
  #victim: Victim | undefined;
  /** Whether it has found its disk full. */
  #wasFull = false;

  constructor(options: RoundOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    for (let failures = 0; failures < mostFailures;) {
      const victim = this.#start();
      const wasStruck = await this.#torture(victim);
      // Aborted, or stuck.
      if (signal.aborted || this.result.problems.length > failures) return;
      const exit = await victim.ended;
      const isOver = exit.code === exitCodes.ok || exit.code === exitCodes.deadLetters;
      // A clean stop exits with 0 as well; the next start shows what is left to do.
      if (isOver && !wasStruck) return await this.#again(exit.code!);
      // A start that had no disk space says so, perhaps only when there is space again.
      if (wasStruck || (this.#wasFull && exit.code === exitCodes.io)) continue;
      failures += 1;
      this.#tell(
        'unfinished',
        `the supervisor ended by itself (${inWords(exit)}): ${lastError(this.#options.places.log)}`,
      );
      // Another start would not change that.
      if (exit.code === exitCodes.config || exit.code === exitCodes.usage) return;
    }
  }

  /** Leaves no process of the round running, not even a frozen child whose supervisor is gone. */
  end(): void {
    this.#victim?.killAll();
    for (const pid of this.#alive) sendSignal(pid, 'SIGKILL');
  }

  #start(): Victim {
    const { places, command, directory, environment, hasStdin, onStart } = this.#options;
    this.result.starts += 1;
    this.#wasFull = false;
    onStart();
    const output = join(places.output, `${String(this.result.starts).padStart(6, '0')}.ndjson`);
    this.#victim = new Victim({ command, directory, environment, hasStdin, output, log: places.log });
    return this.#victim;
  }

  /** Strikes until the supervisor has ended or there have been enough faults. Resolves to whether a fault ended it. */
  async #torture(victim: Victim): Promise<boolean> {
    const { schedule, isEnough, signal, random, clock, places, disk, onStruck } = this.#options;
    while (!isEnough() && !signal.aborted) {
      const { isAtWork, waitMs, fault } = schedule.next().value;
      if (isAtWork) await this.#progress(victim);
      await this.#wait(victim, waitMs);
      if (victim.hasEnded || signal.aborted) return false;
      this.#look(victim);
      const struck = await strike(fault, { clock, random, victim, trap: places.trap, disk });
      if (!struck) continue;
      this.#wasFull ||= fault.kind === 'disk full';
      this.result.strikes += 1;
      onStruck(struck);
      if (victim.hasEnded) return true;
    }
    while (!victim.hasEnded && !signal.aborted && (await this.#progress(victim)));
    return false;
  }

  /** Resolves to true when the pipeline has made progress, to false when its supervisor has ended or it is stuck. */
  async #progress(victim: Victim): Promise<boolean> {
    const { clock, places, patienceMs, signal } = this.#options;
    const before = progressIn(places.journal);
    const since = clock.now();
    while (!victim.hasEnded && !signal.aborted) {
      if (progressIn(places.journal) !== before) return true;
      if (clock.now() - since > patienceMs) {
        this.#tell(
          'unfinished',
          `nothing has happened for ${Math.round(patienceMs / 1000)} s, but the run is not over`,
        );
        victim.killAll();
        await victim.ended;
        return false;
      }
      await this.#wait(victim, lookEveryMs);
    }
    return false;
  }

  /** A finished run stays finished: the same command only says so, with the same exit code. */
  async #again(code: number): Promise<void> {
    const { clock, places, patienceMs, signal } = this.#options;
    const before = progressIn(places.journal);
    const victim = this.#start();
    await this.#wait(victim, patienceMs);
    const isStuck = !victim.hasEnded && !signal.aborted;
    if (isStuck) this.end();
    const exit = await victim.ended;
    const until = clock.now() + goneWithinMs;
    while (this.#alive.length > 0 && clock.now() < until) await pause(clock, lookEveryMs);
    for (const pid of this.#alive) this.#tell('unfinished', `the run is over, but its process ${pid} is still alive`);
    if (signal.aborted) return;
    // The oracle cannot see whether that was right in the end.
    if (progressIn(places.journal) !== before)
      this.#tell('unfinished', `it exited with ${code}, but when run again it continued as if there were work left`);
    if (exit.code === code) return;
    const what = isStuck ? `it did not end within ${Math.round(patienceMs / 1000)} s` : inWords(exit);
    this.#tell('unfinished', `when run again after its end, it should have exited with ${code}: ${what}`);
  }

  /** The children that were seen and are still alive. */
  get #alive(): number[] {
    const seen = [...this.#seen];
    return seen.filter(([pid, { started }]) => identify(pid)?.started === started).map(([pid]) => pid);
  }

  #look({ children }: Victim): void {
    for (const { pid } of children) {
      const identity = identify(pid);
      if (identity) this.#seen.set(pid, identity);
    }
  }

  async #wait(victim: Victim, ms: number): Promise<void> {
    const over = new AbortController();
    const { clock, signal } = this.#options;
    const end = (): void => over.abort();
    signal.addEventListener('abort', end);
    await Promise.race([victim.ended, pause(clock, ms, over.signal)]);
    over.abort();
    signal.removeEventListener('abort', end);
  }

  #tell(kind: Problem['kind'], text: string): void {
    this.result.problems.push({ kind, count: 1, text });
  }
}

function inWords({ code, signal }: Exit): string {
  return signal ? `killed by ${signal}` : `exit code ${code}`;
}

function lastError(log: string): string {
  const errors = wholeLines(readFileSync(log, 'utf8')).filter(
    (line) => !line.startsWith('{') || /"level":"error"/.test(line),
  );
  const last = errors.at(-1);
  if (last === undefined) return 'its log has no error';
  return last.startsWith('{') ? (JSON.parse(last) as { message: string }).message : last;
}
