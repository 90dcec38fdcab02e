import { Intervals, type Interval } from '../core/intervals.ts';
import type { Deliver } from '../ipc/messages.ts';
import type { SinkWriter } from '../sinks/port.ts';

/**
 * Finds out which items of a redelivery are in the sink already. First the writers that may have had them are barred,
 * which also waits for what they may have under way; only then is the ledger asked. Of items that only an earlier
 * supervisor's consumers may have had, nothing above the ledger's highest seq (as of after they were barred) needs
 * asking, so a deep queue costs no questions; what a consumer of this supervisor lost is always asked for.
 */
export class Redelivery {
  readonly #sink: SinkWriter<unknown>;
  readonly #onFenced: (writers: number[]) => void;
  readonly #fenced = new Set<number>();
  #highest: number | undefined;

  constructor(sink: SinkWriter<unknown>, onFenced: (writers: number[]) => void) {
    this.#sink = sink;
    this.#onFenced = onFenced;
  }

  /** Which of `from`…`to` are in the sink. `writers` may have had them. */
  async done([from, to]: Interval, { writers, history }: Pick<Deliver, 'writers' | 'history'>): Promise<Intervals> {
    const news = writers.filter((writer) => !this.#fenced.has(writer));
    if (news.length > 0 || this.#highest === undefined) {
      this.#highest = await this.#sink.fence(news);
      for (const writer of news) this.#fenced.add(writer);
      if (news.length > 0) this.#onFenced(news);
    }
    if (history !== 'lost' && from > this.#highest) return new Intervals();
    return Intervals.of(...(await this.#sink.ask(from, to)));
  }
}
