/**
 * Everything that a processor promises, as cases that any test runner can run. A case gets a processor and a few items,
 * and rejects if the processor breaks a promise:
 *
 *     for (const { name, run } of processorContract({ breaks: true })) it(name, () => run(() => myProcessor()));
 *
 * The cases treat the processor as a consumer does: one for each slot, one item at a time, opened again when it is
 * broken.
 */
import assert from 'node:assert/strict';
import { pause, systemClock, type Clock } from '../core/clock.ts';
import { bareContext, casesOf, turns } from '../core/contract.ts';
import type { ProcessContext } from '../pipeline/context.ts';
import type { AnyProcessor, OpenProcessor, SlotContext } from './port.ts';

/** Which of the promises apply to a processor. */
export interface ProcessorFeatures {
  /** An open one can break: its program may die, its connection may be lost. */
  readonly breaks: boolean;
}

/** A processor, items for it, and a view of what it has open. */
export interface ProcessorUnderTest {
  readonly processor: AnyProcessor;
  /** Items, each with the result of `run`. Three or more, with different results. */
  readonly examples: readonly { readonly item: unknown; readonly result: unknown }[];
  /** An item that fails. Left out if none does. */
  readonly badItem?: unknown;
  /** An item that runs until its signal aborts, or much longer. Left out if there is none. */
  readonly slowItem?: unknown;
  /** Breaks the one that was opened last, from outside: kills its program. Needed if it breaks. */
  readonly breakLast?: () => void | Promise<void>;
  /** How many are open, if that can be seen from outside: how many programs run. */
  readonly openCount?: () => number | Promise<number>;
  /** Additional properties of each context for this processor, such as a `fetch`. */
  readonly context?: Partial<SlotContext>;
  /** Time for the processor's waits. Default: the machine's clock. */
  readonly clock?: Clock;
  readonly dispose?: () => void | Promise<void>;
}

export interface ProcessorCase {
  readonly name: string;
  readonly run: (create: () => ProcessorUnderTest | Promise<ProcessorUnderTest>) => Promise<void>;
}

/** The cases for a processor with these features. */
export function processorContract({ breaks }: ProcessorFeatures): readonly ProcessorCase[] {
  return casesOf([...common, ...(breaks ? breaking : [])], {
    open: (subject: ProcessorUnderTest) => new Place(subject),
    prepare(place) {
      assert.ok(place.examples.length >= 3, 'a processor is tested with three examples or more');
      assert.equal(place.breaks, breaks, 'a processor that breaks, and no other, is tested with `breakLast`');
    },
  });
}

interface Case {
  name: string;
  test: (place: Place) => Promise<void>;
}

// ── every processor ──────────────────────────────────────────────────────────────────────────────────────────────

const common: readonly Case[] = [
  {
    name: 'returns the result of each item, one after the other',
    test: async (place) => {
      const slot = await place.slot(1);
      for (const _ of [1, 2]) await slot.runsAll();
    },
  },
  {
    name: 'runs one item in each slot at a time, and mixes nothing up',
    test: async (place) => {
      const slots = [await place.slot(1), await place.slot(2), await place.slot(3)];
      for (const shift of [0, 1, 2]) {
        await Promise.all(slots.map((slot, i) => slot.runs(place.examples[(i + shift) % place.examples.length]!)));
      }
    },
  },
  {
    name: 'opens nothing when it is specified or checked',
    test: async (place) => {
      for (const _ of [1, 2]) {
        const lines = await place.check();
        assert.ok(
          lines.every((line) => typeof line === 'string'),
          'check resolves to lines of text',
        );
        await place.hasOpen(0);
      }
    },
  },
  {
    name: 'releases everything when it is closed, whether or not it has run an item, and can be opened again',
    test: async (place) => {
      for (const runsFirst of [true, false, true]) {
        const slot = await place.slot(1);
        assert.ok(!slot.open.isBroken, 'it is not broken when it has been opened');
        if (runsFirst) await slot.runsAll();
        await slot.close();
        await place.hasOpen(0);
      }
    },
  },
  {
    name: 'releases everything when it is given up: its signal aborts, and it is not closed',
    test: async (place) => {
      const [idle, used] = [await place.slot(1), await place.slot(2)];
      await used.runsAll();
      for (const slot of [idle, used]) slot.giveUp();
      await place.hasOpen(0);
    },
  },
  {
    name: 'fails an item with an error, and the slot runs the next one',
    test: async (place) => {
      if (place.badItem === undefined) return;
      const slot = await place.slot(1);
      for (const _ of [1, 2]) {
        assert.equal(await slot.outcome(place.badItem), 'failed');
        await slot.runsAll();
      }
    },
  },
  {
    name: 'settles when the signal of its item aborts, and the slot runs the next one',
    test: async (place) => {
      if (place.slowItem === undefined) return;
      const slot = await place.slot(1);
      for (const _ of [1, 2]) {
        const stopping = new AbortController();
        const outcome = slot.outcome(place.slowItem, stopping.signal);
        await turns();
        stopping.abort(new DOMException('the item took too long', 'TimeoutError'));
        await soon(outcome, 'the item has settled');
        await slot.runsAll();
      }
    },
  },
];

// ── processors that can break ────────────────────────────────────────────────────────────────────────────────────

const breaking: readonly Case[] = [
  {
    name: 'that is broken says so by the end of its next item at the latest',
    test: async (place) => {
      const slot = await place.slot(1);
      await slot.runsAll();
      await place.breakLast();
      if (!slot.open.isBroken) await soon(slot.outcome(place.examples[0]!.item), 'the item has settled');
      assert.equal(slot.open.isBroken, true);
    },
  },
  {
    name: 'that breaks while it runs an item fails it, and says that it is broken',
    test: async (place) => {
      if (place.slowItem === undefined) return;
      const slot = await place.slot(1);
      const outcome = slot.outcome(place.slowItem);
      await turns();
      await place.breakLast();
      assert.equal(await soon(outcome, 'the item has settled'), 'failed');
      assert.equal(slot.open.isBroken, true);
    },
  },
  {
    name: 'is closed when it is broken, and another one runs the next items of its slot',
    test: async (place) => {
      const slot = await place.slot(1);
      for (const _ of [1, 2]) {
        await place.breakLast();
        if (!slot.open.isBroken) await soon(slot.outcome(place.examples[0]!.item), 'the item has settled');
        await slot.runsAll();
        await place.hasOpen(1);
      }
    },
  },
  {
    name: 'that breaks in one slot keeps running in the others',
    test: async (place) => {
      const [first, second] = [await place.slot(1), await place.slot(2)];
      await place.breakLast();
      await first.runsAll();
      assert.ok(!first.open.isBroken, 'the other one is not broken');
      await soon(second.outcome(place.examples[0]!.item), 'the item has settled');
      await second.runsAll();
    },
  },
];

// ── the place ────────────────────────────────────────────────────────────────────────────────────────────────────

type Example = ProcessorUnderTest['examples'][number];

/** A processor, and every slot that has it open. */
class Place {
  readonly #subject: ProcessorUnderTest;
  readonly #slots: Slot[] = [];

  constructor(subject: ProcessorUnderTest) {
    this.#subject = subject;
  }

  get examples(): readonly Example[] {
    return this.#subject.examples;
  }

  get badItem(): unknown {
    return this.#subject.badItem;
  }

  get slowItem(): unknown {
    return this.#subject.slowItem;
  }

  get breaks(): boolean {
    return this.#subject.breakLast !== undefined;
  }

  async breakLast(): Promise<void> {
    await this.#subject.breakLast!();
  }

  /** Opens the processor in a slot. */
  async slot(number: number): Promise<Slot> {
    const slot = new Slot(this.#subject, number);
    this.#slots.push(slot);
    await slot.reopen();
    return slot;
  }

  async check(): Promise<readonly string[]> {
    const { processor, clock = systemClock, context } = this.#subject;
    return (
      (await processor.check?.({
        ...bareContext('processor', { clock, signal: new AbortController().signal }),
        ...context,
      })) ?? []
    );
  }

  /** Waits until `expected` processors are open, where that can be seen. */
  async hasOpen(expected: number): Promise<void> {
    const { openCount } = this.#subject;
    if (!openCount) return;
    let count = await openCount();
    for (let waitedMs = 0; count !== expected && waitedMs < soonMs; waitedMs += stepMs) {
      await pause(systemClock, stepMs);
      count = await openCount();
    }
    assert.equal(count, expected, `${expected} open`);
  }

  async close(): Promise<void> {
    for (const slot of this.#slots) await slot.close();
    await this.#subject.dispose?.();
  }
}

/** A slot of a consumer. */
class Slot {
  readonly #subject: ProcessorUnderTest;
  readonly #number: number;
  #stopping = new AbortController();
  #open: OpenProcessor<unknown> | undefined;
  #seq = 0;

  constructor(subject: ProcessorUnderTest, number: number) {
    this.#subject = subject;
    this.#number = number;
  }

  get open(): OpenProcessor<unknown> {
    return this.#open!;
  }

  async reopen(): Promise<void> {
    await this.close();
    const { processor, clock = systemClock, context } = this.#subject;
    this.#stopping = new AbortController();
    this.#open = await processor.open({
      ...bareContext('processor', { clock, signal: this.#stopping.signal }),
      ordinal: 1,
      slot: this.#number,
      ...context,
    });
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.close?.();
  }

  /** The process ends. */
  giveUp(): void {
    this.#open = undefined;
    this.#stopping.abort(new Error('the process is about to end'));
  }

  async runs({ item, result }: Example): Promise<void> {
    if (this.open.isBroken) await this.reopen();
    assert.deepEqual(await this.#run(item, new AbortController().signal), result);
  }

  async runsAll(): Promise<void> {
    for (const example of this.#subject.examples) await this.runs(example);
  }

  async outcome(item: unknown, signal = new AbortController().signal): Promise<'done' | 'failed'> {
    if (this.open.isBroken) await this.reopen();
    try {
      await this.#run(item, signal);
      return 'done';
    } catch {
      return 'failed';
    }
  }

  async #run(item: unknown, signal: AbortSignal): Promise<unknown> {
    const { clock = systemClock, context = {} } = this.#subject;
    const { params, fetch, limit, log } = { ...bareContext('processor', { clock, signal }), ...context };
    const seq = ++this.#seq;
    const itemContext: ProcessContext = {
      params,
      fetch,
      limit,
      log,
      signal,
      attempt: 1,
      seq,
      key: `run-1:${seq}`,
      resources: undefined,
    };
    return await this.open.run(item, itemContext);
  }
}

const soonMs = 10_000;
const stepMs = 5;

/** Settles as `promise` does; rejects if that takes too long. */
async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  const over = new AbortController();
  const late = async (): Promise<never> => {
    await pause(systemClock, soonMs, over.signal);
    throw new Error(`expected within ${soonMs / 1000} s: ${what}`);
  };
  try {
    return await Promise.race([promise, late()]);
  } finally {
    over.abort();
  }
}
