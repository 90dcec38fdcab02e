import { Intervals, type Interval } from '../core/intervals.ts';
import type { Deliver } from '../ipc/messages.ts';
import type { OpenSink } from './open-sinks.ts';

/** The items of a redelivery that are already in the sinks. */
export interface Found {
  /** In all of them. */
  everywhere: Intervals;
  /** By sink, the items that it has and others may lack. */
  partly: readonly { sink: string; items: Intervals }[];
}

/**
 * Finds out which items of a redelivery are already in the sinks. First the writers that may have had them are barred
 * in every sink with a ledger, which also waits for their open transactions; only then are the ledgers asked. If only
 * consumers of an earlier supervisor may have had the items, a ledger is not asked about items above its highest seq
 * (read after the barring), so a deep queue costs no queries. A ledger is always asked about items that a consumer of
 * this supervisor has lost.
 */
export class Redelivery {
  readonly #ledgers: readonly OpenSink[];
  /** A sink without a ledger cannot say that it has an item. */
  readonly #isAnyUnsure: boolean;
  readonly #onFenced: (writers: number[]) => void;
  readonly #fenced = new Set<number>();
  #highest: readonly number[] | undefined;

  constructor(sinks: readonly OpenSink[], onFenced: (writers: number[]) => void) {
    this.#ledgers = sinks.filter(({ delivery }) => delivery === 'transaction');
    this.#isAnyUnsure = this.#ledgers.length < sinks.length;
    this.#onFenced = onFenced;
  }

  /** Whether there is anything to ask. */
  get hasLedger(): boolean {
    return this.#ledgers.length > 0;
  }

  /** Which of `from`…`to` are in the sinks. `writers` may have had them. */
  async found([from, to]: Interval, { writers, history }: Pick<Deliver, 'writers' | 'history'>): Promise<Found> {
    const highest = await this.#fence(writers);
    const partly: { sink: string; items: Intervals }[] = [];
    for (const [i, { id, connection }] of this.#ledgers.entries()) {
      const isAbove = history !== 'lost' && from > highest[i]!;
      partly.push({ sink: id, items: isAbove ? new Intervals() : Intervals.of(...(await connection.ask(from, to))) });
    }
    const everywhere = this.#isAnyUnsure ? new Intervals() : common(partly.map(({ items }) => items));
    return { everywhere, partly };
  }

  /** Resolves to the ledgers' highest seqs. */
  async #fence(writers: readonly number[]): Promise<readonly number[]> {
    const news = writers.filter((writer) => !this.#fenced.has(writer));
    if (news.length === 0 && this.#highest !== undefined) return this.#highest;
    const highest: number[] = [];
    for (const { connection } of this.#ledgers) highest.push(await connection.fence(news));
    this.#highest = highest;
    for (const writer of news) this.#fenced.add(writer);
    if (news.length > 0) this.#onFenced(news);
    return highest;
  }
}

function common([first = new Intervals(), ...others]: readonly Intervals[]): Intervals {
  return others.reduce((all, other) => Intervals.of(...[...other].flatMap((run) => [...all.within(...run)])), first);
}
