import { setTimeout as pause } from 'node:timers/promises';
import { nowNs } from './marks.ts';

/** The row of a customer export. */
export interface Item {
  id: number;
  name: string;
  email: string;
  street: string;
  city: string;
  amount: number;
  quantity: number;
  note: string;
}

/** The approximate size of an item as JSON, in bytes. */
export type ItemBytes = 200 | 2000;

const notes: Record<ItemBytes, string> = {
  200: 'delivered to the back door',
  2000: 'delivered to the back door, '.repeat(65),
};

/** The items from `after` + 1 to `last`. */
export function* items(last: number, bytes: ItemBytes = 200, after = 0): Generator<Item> {
  const note = notes[bytes];
  for (let id = after + 1; id <= last; id++) {
    yield {
      id,
      name: `Customer number ${id}`,
      email: `customer.${id}@mail.example.com`,
      street: `${id % 900} Harbour Road`,
      city: 'Southampton',
      amount: id / 4,
      quantity: id % 17,
      note,
    };
  }
}

/** The columns of a table for them. */
export const itemColumns = {
  id: 'INTEGER',
  name: 'TEXT',
  email: 'TEXT',
  street: 'TEXT',
  city: 'TEXT',
  amount: 'REAL',
  quantity: 'INTEGER',
  note: 'TEXT',
} as const;

/** An item that holds the time of its `yield`, by the monotonic clock. */
export interface Ping {
  at: number;
  /** False for the first ones: latency is measured after the processes have run for a while. */
  counts: boolean;
}

const warmUpPings = 100;
const pingEveryMs = 20;

/** A ping every 20 ms: first some that do not count, then `count` that do. */
export async function* pings(count: number): AsyncGenerator<Ping> {
  for (let i = 0; i < warmUpPings + count; i++) {
    await pause(pingEveryMs);
    yield { at: nowNs(), counts: i >= warmUpPings };
  }
}
