import type { DeliveryMode, History } from '../../../src/core/delivery.ts';
import type { Holding } from '../../../src/queue/lending/holding.ts';

/** The simplest model of the queue: where each item is. No frames, windows, groups or intervals. */

export type Status = 'appended' | 'queued' | 'lent' | 'retry' | 'done' | 'dead';

export interface Item {
  text: string;
  /** The first seq of its frame; undefined once it has failed and is kept separately. */
  frame: number | undefined;
  status: Status;
  /** The holding that has it, or had it. */
  holder: Holding | undefined;
  attempt: number;
  kills: number;
  /** The deaths that it is accused of. */
  accusedOf: DeathNote[];
  /** It must run alone. */
  isolated: boolean;
  /** Its holder may have started it. */
  started: boolean;
  /** A consumer of this supervisor had it and was lost. */
  lost: boolean;
  /** It was stored before this supervisor started. */
  inherited: boolean;
  /** It has been lent since this supervisor started. */
  seen: boolean;
  /** For a retry: when it failed, when that was committed, and how long it waits. */
  failedAt: number;
  committedAt: number;
  delayMs: number;
}

/** A consumer's death, for which items are accused. */
export interface DeathNote {
  isFromOutside: boolean;
  /** One of them was named. */
  hasKiller: boolean;
  /** What the queue has reported about it. */
  said: boolean[];
}

export type Items = ReadonlyMap<number, Item>;

export function newItem(text: string, frame: number): Item {
  return {
    text,
    frame,
    status: 'appended',
    holder: undefined,
    attempt: 1,
    kills: 0,
    accusedOf: [],
    isolated: false,
    started: false,
    lost: false,
    inherited: false,
    seen: false,
    failedAt: 0,
    committedAt: Infinity,
    delayMs: 0,
  };
}

export function isOpen({ status }: Item): boolean {
  return status !== 'done' && status !== 'dead';
}

export function historyOf({ lost, inherited: isInherited }: Item): History {
  if (lost) return 'lost';
  return isInherited ? 'inherited' : 'first';
}

export function isMarked({ accusedOf, isolated }: Item): boolean {
  return accusedOf.length > 0 && !isolated;
}

/** Clears the item of all accusations. */
export function acquit(item: Item): void {
  item.accusedOf = [];
  item.isolated = false;
}

export function modeOf({ kills, isolated }: Item): DeliveryMode {
  if (kills >= 3) return 'askOnly';
  return kills > 0 || isolated ? 'alone' : 'together';
}

/** A retry must be lent when its delay since the commit has passed, and not before its delay since the failure has. */
export function canBeLent({ status, failedAt, committedAt, delayMs }: Item, now: number): 'yes' | 'maybe' | 'no' {
  if (status === 'queued') return 'yes';
  if (status !== 'retry' || committedAt === Infinity) return 'no';
  if (now >= committedAt + delayMs) return 'yes';
  return now >= failedAt + delayMs ? 'maybe' : 'no';
}

/** It comes back from the consumer that had it. A retry does not wait again. */
export function giveBack(item: Item): void {
  item.status = 'queued';
  item.started = false;
}

/** What a new supervisor knows about items: only where they are in the store. */
export function inherited(items: Items): Map<number, Item> {
  const copy = copyOf(items);
  for (const item of copy.values()) {
    if (isOpen(item)) item.status = item.frame === undefined ? 'retry' : 'queued';
    Object.assign(item, {
      inherited: true,
      lost: false,
      seen: false,
      started: false,
      accusedOf: [],
      isolated: false,
    });
  }
  return copy;
}

export function copyOf(items: Items): Map<number, Item> {
  return new Map([...items].map(([seq, item]) => [seq, { ...item }]));
}

export function countOf(items: Items): Record<Status, number> {
  const counts = { appended: 0, queued: 0, lent: 0, retry: 0, done: 0, dead: 0 };
  for (const { status } of items.values()) counts[status] += 1;
  return counts;
}
