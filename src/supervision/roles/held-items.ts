import { Intervals } from '../../core/intervals.ts';
import type { GivenBack, Results, Settle, Start } from '../../ipc/messages.ts';
import type { Who } from '../../observability/events.ts';
import { Holding } from '../../queue/lending/holding.ts';
import type { Outage } from '../blame/outage.ts';
import type { SinglingOut } from '../blame/singling-out.ts';
import type { Hub } from '../hub.ts';
import { ArrivedRows } from './arrived-rows.ts';
import { unexpected } from './receiving.ts';
import { settle, type SettlingDeps } from './settling.ts';

type HeldHub = Pick<
  Hub,
  'queue' | 'clock' | 'random' | 'events' | 'settings' | 'pipeline' | 'results' | 'fail' | 'touch'
>;

/** The items that the process of a consumer holds, and its reports about them. */
export class HeldItems {
  readonly #hub: HeldHub;
  readonly #settling: SettlingDeps;
  readonly #who: () => Who;
  #holding: Holding | undefined;
  /** Results of items that it has not settled yet. */
  readonly #rows = new ArrivedRows();
  #processed = 0;

  constructor(hub: HeldHub, blame: { outage: Outage; singlingOut: SinglingOut }, who: () => Who) {
    this.#hub = hub;
    this.#settling = { ...hub, ...blame };
    this.#who = who;
  }

  /** Undefined until the process is ready, and after it has gone. */
  get holding(): Holding | undefined {
    return this.#holding;
  }

  /** Items whose outcome the process has reported. */
  get processed(): number {
    return this.#processed;
  }

  /** A new process is on the post. */
  reset(): void {
    this.#processed = 0;
  }

  /** The process is ready: items may be lent to it. */
  begin(): void {
    this.#holding = new Holding(this.#hub.settings.concurrency);
  }

  /** What it holds; nothing if nothing may be lent to it. */
  get all(): Holding {
    return this.#holding ?? new Holding(0);
  }

  /** The process has gone, and what it held was taken back. */
  end(): void {
    this.#holding = undefined;
    // Their items run again.
    this.#rows.clear();
  }

  /** It has settled items. `writer`: its id in the sink. */
  settled(message: Settle, writer: number): void {
    const holding = this.#holding;
    holding?.sizing.idle(message.idle);
    holding?.sizing.paced(message);
    this.#processed += Intervals.fromFlat(message.done).size + message.failed.length;
    settle(this.#settling, { who: this.#who(), writer, holding, rows: this.#rows }, message);
    this.#hub.touch();
  }

  /** It is about to start these items. */
  announced({ items }: Start): void {
    let refused = 0;
    for (const [from, to] of Intervals.fromFlat(items)) {
      refused += this.#holding?.announce(from, to) ?? to - from + 1;
    }
    this.#refused(refused);
  }

  /** It has given these items back. */
  givenBack({ items }: GivenBack): void {
    const holding = this.#holding;
    const { queue, clock, touch } = this.#hub;
    holding?.answered(items.length);
    this.#refused(holding ? queue.takeBack(holding, Intervals.fromFlat(items), clock.now()) : 0);
    touch();
  }

  /** It has sent results for the program that calls `run()`. */
  arrived(message: Results, payload: Buffer): void {
    if (!this.#hub.results) throw unexpected('consumer', 'results', 'the sink is not to.results()');
    this.#rows.add(message, payload);
  }

  #refused(items: number): void {
    if (items > 0) this.#hub.events.emit('settle.refused', { who: this.#who(), items });
  }
}
