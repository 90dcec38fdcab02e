/** What is done to a running pipeline, and the seeded order in which it is. */

export type Role = 'producer' | 'consumer';

/** Where in its work a process can be made to meet its end. */
export type Point =
  'item yielded' | 'source ended' | 'before process' | 'after process' | 'before commit' | 'after commit';

/** As often as it is worth while: a source ends once. */
const points: readonly Point[] = [
  'item yielded',
  'item yielded',
  'source ended',
  'before process',
  'after process',
  'after process',
  'before commit',
  'before commit',
  'after commit',
  'after commit',
  'after commit',
];

/** Who dies when a process comes to such a point: itself, its supervisor, or both. */
export type Doomed = 'self' | 'supervisor' | 'both';

export type Fault =
  | { readonly kind: 'kill'; readonly target: Role | 'supervisor' | 'everything' }
  /** Killed at an exact point of its work, by itself. */
  | { readonly kind: 'trap'; readonly point: Point; readonly doomed: Doomed }
  /** Stopped by SIGSTOP for a while; then it goes on, or is killed as it stands. */
  | { readonly kind: 'freeze'; readonly target: Role | 'supervisor'; readonly ms: number; readonly isKilled: boolean }
  /** A consumer frozen while its supervisor is killed; it wakes beside its successor, if nobody has killed it. */
  | { readonly kind: 'orphan'; readonly ms: number }
  /** SIGTERM to the supervisor; killed if it has not ended after `ms`, where that is given. */
  | { readonly kind: 'stop'; readonly ms: number | null }
  /** The disk of the queue is filled to the last byte, for a while. */
  | { readonly kind: 'disk full'; readonly ms: number };

export interface Planned {
  /** Whether the pipeline is first seen at work (again): some faults are to hit a start, most are not. */
  readonly isAtWork: boolean;
  readonly waitMs: number;
  readonly fault: Fault;
}

type Draw = (random: () => number) => Fault;

const longestWaitMs = 900;
const longestFreezeMs = 800;

/** Out of a hundred. Supervisors die often, as that is the harder case, and ends the back-off of crashed children. */
const draws: readonly (readonly [weight: number, draw: Draw])[] = [
  [20, () => ({ kind: 'kill', target: 'consumer' })],
  [9, () => ({ kind: 'kill', target: 'producer' })],
  [14, () => ({ kind: 'kill', target: 'supervisor' })],
  [6, () => ({ kind: 'kill', target: 'everything' })],
  [
    28,
    (random) => ({
      kind: 'trap',
      point: oneOf(points, random),
      doomed: oneOf(['self', 'self', 'supervisor', 'both'] as const, random),
    }),
  ],
  [
    9,
    (random) => ({
      kind: 'freeze',
      target: oneOf(['consumer', 'producer', 'supervisor'] as const, random),
      ms: upTo(longestFreezeMs, random),
      isKilled: random() < 0.4,
    }),
  ],
  [5, (random) => ({ kind: 'orphan', ms: upTo(2 * longestFreezeMs, random) })],
  [5, (random) => ({ kind: 'stop', ms: random() < 0.5 ? upTo(longestFreezeMs, random) : null })],
  [4, (random) => ({ kind: 'disk full', ms: upTo(longestFreezeMs, random) })],
];

/** An endless schedule: the same for the same randomness. Without a disk that can be filled, none is. */
export function* schedule(random: () => number, { canFillDisk }: { canFillDisk: boolean }): Generator<Planned, never> {
  for (;;) {
    const fault = draw(random);
    // Squared: more often soon than late.
    const planned = { isAtWork: random() < 0.8, waitMs: upTo(longestWaitMs, random) * random(), fault };
    if (canFillDisk || fault.kind !== 'disk full') yield planned;
  }
}

function draw(random: () => number): Fault {
  let rest = random() * draws.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, make] of draws) {
    rest -= weight;
    if (rest < 0) return make(random);
  }
  return draws[0]![1](random);
}

function oneOf<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)]!;
}

function upTo(most: number, random: () => number): number {
  return Math.round(random() * most);
}
