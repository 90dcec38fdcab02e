/** The same calls as pipelines/calls.ts in one program: a semaphore and a loop per slot. */
import { fetch } from 'undici';
import { callVendor } from '../vendor-call.ts';

const { BENCH_ITEMS, BENCH_CONCURRENCY, BENCH_SLOTS } = process.env;
const count = Number(BENCH_ITEMS);

let free = Number(BENCH_CONCURRENCY);
const waiting: (() => void)[] = [];

async function acquire(): Promise<void> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
}

function release(): void {
  const next = waiting.shift();
  if (next) next();
  else free++;
}

let next = 1;
async function work(): Promise<void> {
  while (next <= count) {
    const id = next++;
    await acquire();
    try {
      await callVendor(id, fetch);
    } finally {
      release();
    }
  }
}

await Promise.all(Array.from({ length: Number(BENCH_SLOTS) }, work));
