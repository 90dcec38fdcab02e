import { Intervals, type Interval } from '../core/intervals.ts';
import type { OtherQueue } from '../sinks/port.ts';
import type { KnownQueue, LedgerTables } from './tables.ts';

/** The rows of a run. */
interface RunState {
  readonly ledger: Intervals;
  /** The session of each writer. */
  readonly writers: Map<number, number>;
}

const barredSession = -1;

/** A ledger's tables in this process's memory, for one sink. */
export class MemoryTables implements LedgerTables {
  readonly place = 'memory';
  readonly isLasting = false;
  #runs = new Map<string, RunState>();
  #queues = new Map<string, KnownQueue>();

  queue(id: string): KnownQueue | undefined {
    return this.#queues.get(id);
  }

  saveQueue(id: string, queue: KnownQueue): void {
    this.#queues.set(id, queue);
  }

  otherQueues(pipeline: string, id: string): OtherQueue[] {
    const others = [...this.#queues].filter(([other, known]) => other !== id && known.pipeline === pipeline);
    return others.map(([queue, { directory }]) => ({ queue, directory })).slice(0, 10);
  }

  knowsRun(run: string): boolean {
    return this.#runs.has(run);
  }

  register(run: string, writer: number): number | undefined {
    const { writers } = this.#run(run);
    const known = writers.get(writer);
    if (known === barredSession) return undefined;
    const session = (known ?? -1) + 1;
    writers.set(writer, session);
    return session;
  }

  touch(run: string, writer: number, session: number): boolean {
    return this.#runs.get(run)?.writers.get(writer) === session;
  }

  bar(run: string, writer: number): void {
    this.#run(run).writers.set(writer, barredSession);
  }

  highest(run: string): number {
    return this.#runs.get(run)?.ledger.last ?? 0;
  }

  within(run: string, from: number, to: number): Interval[] {
    return [...(this.#runs.get(run)?.ledger.within(from, to) ?? [])];
  }

  overlap(run: string, items: Intervals): Interval | undefined {
    return [...items].find(([from, to]) => this.within(run, from, to).length > 0);
  }

  insert(run: string, items: Intervals): void {
    const { ledger } = this.#run(run);
    for (const [from, to] of items) ledger.add(from, to);
  }

  deleteBetween(run: string, after: number, before: number): void {
    this.#run(run).ledger.delete(after + 1, before - 1);
  }

  drop(run: string): void {
    this.#runs.delete(run);
  }

  /** Returns a function that restores the present state. */
  remember(): () => void {
    const [runs, queues] = [structuredClone([...this.#runs].map(flat)), new Map(this.#queues)];
    return () => {
      this.#runs = new Map(
        runs.map(([run, ledger, writers]) => [run, { ledger: Intervals.fromFlat(ledger), writers }]),
      );
      this.#queues = queues;
    };
  }

  #run(run: string): RunState {
    const state = this.#runs.get(run) ?? { ledger: new Intervals(), writers: new Map<number, number>() };
    this.#runs.set(run, state);
    return state;
  }
}

function flat([run, { ledger, writers }]: [string, RunState]): [string, number[], Map<number, number>] {
  return [run, ledger.toFlat(), writers];
}
