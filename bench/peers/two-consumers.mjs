/** Shared by all peers with consumer processes: two consumers, and a producer that knows when everything is done. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { items } from '../items.ts';
import { leaveMark } from '../marks.ts';

export const count = Number(process.env.BENCH_ITEMS);
export const port = Number(process.env.BENCH_PORT);
export const isConsumer = process.argv[2] === 'consumer';

/** Forks this program twice more and waits until both call `consumerReady`. */
export async function startConsumers(options = {}) {
  const consumers = [1, 2].map(() => fork(process.argv[1], ['consumer'], options));
  await Promise.all(consumers.map((consumer) => once(consumer, 'message')));
  return consumers;
}

/** Marks the first item, produces all items, and ends everything when the consumers have counted that many. */
export async function measured(consumers, produceAll) {
  let done = 0;
  const allDone = new Promise((resolve) => {
    for (const consumer of consumers) {
      consumer.on('message', (message) => {
        if (typeof message?.done !== 'number') return;
        done += message.done;
        if (done === count) resolve();
        if (done > count) throw new Error(`expected ${count} items, got ${done}`);
      });
    }
  });
  leaveMark('first-yield');
  await produceAll();
  await allDone;
  leaveMark('done');
  for (const consumer of consumers) consumer.kill('SIGKILL');
  process.exit();
}

/** Starts the consumers and passes all items to `send`, a thousand at a time. */
export async function produce(send) {
  await measured(await startConsumers(), async () => {
    for (const batch of batches(items(count), 1000)) await send(batch);
  });
}

export function consumerReady() {
  process.on('disconnect', () => process.exit());
  process.send('ready');
}

let unsaid = 0;
const sayMs = 10;

/**
 * In a consumer: reports how many items are done, at most once in a few milliseconds, so that counting costs nothing.
 */
export function countDone(finished = 1) {
  if (unsaid === 0) setTimeout(say, sayMs);
  unsaid += finished;
}

function say() {
  process.send({ done: unsaid });
  unsaid = 0;
}

/** The items of an iterable, in batches. */
export function* batches(iterable, size) {
  let batch = [];
  for (const item of iterable) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
