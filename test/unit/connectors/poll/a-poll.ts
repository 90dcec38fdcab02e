import { from } from '../../../../src/connectors/from.ts';
import type { PollFields } from '../../../../src/connectors/poll/fields.ts';
import { sourceStart, type SourcePosition } from '../../../../src/frame/position.ts';
import type { OpenContext, OpenSource } from '../../../../src/sources/port.ts';
import { microtasks } from '../../../support/microtasks.ts';
import { openContext } from '../../../support/read-source.ts';
import { AProducer, type Sent } from '../../reading/a-producer.ts';

export interface APollOptions<Cursor> {
  every?: PollFields<unknown, Cursor>['every'];
  read: PollFields<unknown, Cursor>['read'];
  position?: SourcePosition;
  context?: Partial<OpenContext>;
}

/** A producer that reads `from.poll`, with the test as its clock and its supervisor, which stores everything at once. */
export class APoll<Cursor> {
  readonly #producer: AProducer;
  readonly #open: (cursor: unknown) => Promise<OpenSource>;
  readonly #position: SourcePosition;
  readonly #stopping = new AbortController();
  #result: Promise<boolean> | undefined;
  #source: OpenSource | undefined;
  #stored = 0;

  constructor({ every = '10s', read, position = sourceStart, context }: APollOptions<Cursor>) {
    this.#open = async (cursor) => {
      const { signal } = this.#stopping;
      return await from.poll({ every, read }).open(openContext({ ...context, cursor, clock: this.clock, signal }));
    };
    this.#position = position;
    this.#producer = new AProducer({
      yields: 'chunks',
      frameItems: 100,
      open: () => this.#source!.read(),
      position,
    });
  }

  /** Reads as far as it can for now. */
  async start(): Promise<this> {
    const { cursor } = this.#position;
    this.#source = await this.#open(cursor === null ? undefined : JSON.parse(cursor));
    this.#result = this.#producer.reader.read();
    this.#result.catch(() => undefined);
    await this.settle();
    return this;
  }

  get clock(): AProducer['clock'] {
    return this.#producer.clock;
  }

  /** Frames and positions, in the order in which they were sent. */
  get sent(): readonly Sent[] {
    return this.#producer.sent;
  }

  get items(): unknown[] {
    return this.#producer.items;
  }

  /** Where a successor would resume. */
  get position(): SourcePosition {
    return this.sent.at(-1)!.position;
  }

  /** Rejects with the error of `read`; false after a stop. */
  get result(): Promise<boolean> {
    return this.#result!;
  }

  /** The queue is at its high-water mark, or has come down from it. */
  async throttle(on: boolean): Promise<void> {
    this.#producer.throttle.set(on);
    await this.settle();
  }

  async turn(ms: number): Promise<void> {
    this.clock.turn(ms);
    await this.settle();
  }

  /** In the order of the producer's life. */
  async stop(): Promise<void> {
    this.#producer.reader.stop();
    this.#producer.throttle.open();
    this.#stopping.abort(new Error('stopped'));
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) {
      await microtasks(50);
      this.clock.endTick();
      const news = this.sent.length - this.#stored;
      this.#stored += news;
      this.#producer.outlet.stored(news);
    }
  }
}
