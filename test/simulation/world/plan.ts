import type { LimitRules } from '../../../src/core/limit-rules.ts';
import type { RecyclingLimits } from '../../../src/supervision/settings.ts';
import type { Others } from './others.ts';
import { ways, type Item, type Way } from './items.ts';
import type { Random } from './random.ts';

export type SinkKind = 'server' | 'memory' | 'sqlite' | 'plain' | 'part';
export type SpoolKind = 'memory' | 'sqlite';

/** The properties of a world that do not change while it runs. */
export interface Plan extends Others {
  items: Item[];
  deterministic: boolean;
  /** The source has a specification, yields chunks, and wants to learn which items are settled. */
  settles: boolean;
  /** With `settles`: the source yields raw records. */
  hasRecords: boolean;
  /** The number of items between checkpoints; 0 for none. */
  checkpointEvery: number;
  /** The number of items between pauses of the source; 0 for none. */
  pauseEvery: number;
  consumers: number;
  concurrency: number;
  attempts: number;
  /** The number of failed attempts after which it does. */
  pauseAfter: number;
  /** Dead letters at which the pipeline pauses. */
  deadMax: number;
  sink: SinkKind;
  spool: SpoolKind;
  durability: 'full' | 'normal';
  limits: Record<string, LimitRules>;
  highItems: number;
  windowBytes: number;
  frameItems: number;
  frameBytes: number;
  creditBytes: number;
  memoryWindowBytes: number;
  windowRetries: number;
  crashes: number;
  readyTimeoutMs: number;
  sinkTimeoutMs: number;
  recycling: RecyclingLimits;
  /** What `teardown` does each time: it is missing, takes time, throws, ends its process, or never returns. */
  teardown: (typeof teardowns)[number];
  /** What happens to a killed supervisor's children: they die at once or later, or the successor's kill cannot reach them. */
  orphans: 'die' | 'live' | 'cannot be killed';
  /** The relative frequency of each kind of step. */
  weights: Record<'hear' | 'say' | 'turn' | 'timer' | 'sink' | 'time', number>;
  /** After this many steps, no more faults come. */
  steps: number;
  /** The faults that can happen in this world, and how many of them happen in a thousand steps. */
  faults: FaultKind[];
  faultsPerThousand: number;
}

export const teardowns = ['none', 'slow', 'throws', 'kills', 'hangs'] as const;

export const faultKinds = [
  'kill producer',
  'kill consumer',
  'kill consumer after',
  'kill supervisor',
  'kill supervisor after',
  'stop',
  'hurry',
  'disk full',
  'disk breaks',
  'sink out',
  'connection lost',
  'wall clock jumps',
  'source fails',
  'second supervisor',
  'reload',
  'give back',
  'purge',
  'power loss',
  'dependency out',
  'disk low',
  'snapshot',
  'put back',
  'edit',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** The ways in which good items behave. */
const harmless: readonly Way[] = ['at once', 'soon', 'slow', 'fails first', 'limited', 'twice'];

/** Draws a world. Each world has only a few features, so that rare combinations are common in some worlds. */
export function planFrom(random: Random): Plan {
  const sink = random.pick<SinkKind>(['server', 'server', 'server', 'memory', 'sqlite', 'plain']);
  const spool: SpoolKind = random.chance(0.25) ? 'sqlite' : 'memory';
  const possible = ways.filter((way) => way !== 'bad row' || sink === 'server' || sink === 'sqlite');
  // Slow items make a world long.
  const rare: Partial<Record<Way, number>> = {
    hangs: 0.1,
    waits: 0.3,
    kills: 0.3,
    'kills late': 0.2,
    'kills all': 0.1,
    unreachable: 0.3,
  };
  // In some worlds the only faults are a few items that kill. The product must find these items and no others.
  const isOfKillers = random.chance(0.1);
  const chosen = isOfKillers
    ? [...random.some(harmless), random.chance(0.8) ? ('kills' as const) : ('kills all' as const)]
    : random.some(possible.filter((way) => random.chance(rare[way] ?? 1)));
  const deterministic = random.chance(0.75);
  const drawn = Array.from({ length: random.whole(1, random.pick([4, 12, 40, 80])) }, (_, id): Item => {
    return { id, way: random.pick(chosen), text: 'x'.repeat(random.whole(0, 30)) };
  });
  // Each of these items ends half a dozen supervisors, and a nondeterministic source yields it again after each.
  let left = deterministic ? 2 : 0;
  const items = drawn.map((item): Item => (item.way === 'kills all' && left-- <= 0 ? { ...item, way: 'kills' } : item));
  // While nothing succeeds, an unreachable service counts as an outage, however long. An earlier item prevents that.
  const unreachable = items.filter(({ way }) => way === 'unreachable');
  for (const item of unreachable.slice(2)) item.way = 'soon';
  if (unreachable.length > 0) items.unshift({ id: 0, way: 'at once', text: '' });
  items.forEach((item, id) => (item.id = id));
  const limit: LimitRules = {
    ...(random.chance(0.7) && { concurrency: random.whole(1, 3) }),
    ...(random.chance(0.5) && { rate: { count: random.whole(1, 5), perMs: random.pick([50, 200, 1000]) } }),
  };
  return {
    items,
    deterministic,
    checkpointEvery: random.pick([0, 1, 2, 3, 5, 9]),
    pauseEvery: random.pick([0, 0, 1, 4]),
    consumers: random.whole(1, 3),
    concurrency: random.whole(1, 4),
    attempts: random.whole(1, 4),
    pauseAfter: random.pick([2, 10, 100]),
    deadMax: random.pick([1e9, 1e9, 1e9, 1, 3]),
    sink,
    others: [],
    refuseEvery: 0,
    putOffEvery: 0,
    spool,
    durability: 'full',
    limits: { vendor: limit },
    highItems: random.pick([1, 2, 6, 20, 1000]),
    windowBytes: random.pick([60, 60, 500, 4000]),
    frameItems: random.pick([1, 2, 4, 16]),
    frameBytes: random.pick([100, 300, 4000]),
    creditBytes: random.pick([60, 1000, 100_000]),
    memoryWindowBytes: random.pick([700, 2000, 100_000]),
    windowRetries: random.pick([1, 2, 100]),
    // An item that kills when it is settled cannot be found: consumers would be parked forever.
    crashes: chosen.includes('kills late') ? 1e9 : random.pick([2, 1e9, 1e9, 1e9]),
    readyTimeoutMs: random.pick([5000, 600_000, 600_000]),
    sinkTimeoutMs: random.pick([400, 5000, 60_000]),
    recycling: {
      rssBytes: null,
      items: random.chance(0.3) ? random.whole(1, 8) : null,
      ageMs: random.chance(0.1) ? random.whole(1, 3000) : null,
    },
    orphans: random.pick(['die', 'die', 'live', 'cannot be killed']),
    weights: {
      hear: random.magnitude(0.2, 5),
      say: random.magnitude(0.2, 5),
      turn: random.magnitude(0.2, 5),
      timer: random.magnitude(0.2, 5),
      sink: random.magnitude(0.1, 5),
      time: random.magnitude(0.01, 0.5),
    },
    steps: random.whole(50, 1500),
    faults: isOfKillers ? random.pick([[], ['kill consumer']]) : random.some(faultKinds),
    faultsPerThousand: random.magnitude(4, 80),
    teardown: random.pick(['none', 'none', 'none', ...teardowns]),
    // Drawn last, so that the rest of a seed's world is the same as before such sources existed.
    settles: random.chance(0.4),
    hasRecords: random.chance(0.5),
  };
}
