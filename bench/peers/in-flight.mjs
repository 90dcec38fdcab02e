import { items } from '../items.ts';
import { leaveMark } from '../marks.ts';

/** A semaphore for one task that takes places and many that give them back. */
export class Places {
  #free;
  #onFree = () => undefined;

  constructor(count) {
    this.#free = count;
  }

  async take() {
    if (this.#free === 0) await new Promise((resolve) => (this.#onFree = resolve));
    this.#free--;
  }

  give() {
    this.#free++;
    this.#onFree();
  }
}

/** Runs `task` for each item, `most` at a time. */
async function inFlight(iterable, most, task) {
  const places = new Places(most);
  const run = async (item) => {
    await task(item);
    places.give();
  };
  const failed = (error) => {
    throw error;
  };
  for (const item of iterable) {
    await places.take();
    run(item).catch(failed);
  }
  for (let i = 0; i < most; i++) await places.take();
}

/**
 * Passes each item to `run`, a thousand at a time. Marks the time of the first item, and the time when all are done.
 */
export async function measured(run) {
  const count = Number(process.env.BENCH_ITEMS);
  let done = 0;
  leaveMark('first-yield');
  await inFlight(items(count), 1000, async (item) => {
    await run(item);
    done++;
  });
  if (done !== count) throw new Error(`expected ${count} items, got ${done}`);
  leaveMark('done');
}
