/** The faults that are injected into a running pipeline, and their seeded order. */

export type Role = 'producer' | 'consumer';

/** The points in its work at which a process can be killed. */
export type Point =
  | 'item yielded'
  | 'source ended'
  | 'before process'
  | 'after process'
  | 'before commit'
  | 'after commit'
  | 'before finish'
  | 'after finish';

/** What the schedule needs to know about the pipeline and the machine. */
export interface Range {
  /** Whether there is a disk that can be filled. */
  canFillDisk: boolean;
  /** How many sinks the pipeline has. */
  sinks: number;
  /** The numbers of those that have a `finish`. */
  finishing: readonly number[];
}

/** How often each point is chosen, by how often it is useful: a source ends only once. */
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
const finishPoints: readonly Point[] = ['before finish', 'after finish'];

/** Which processes die when a process reaches such a point: itself, its supervisor, or both. */
export type Doomed = 'self' | 'supervisor' | 'both';

export type Fault =
  | { readonly kind: 'kill'; readonly target: Role | 'supervisor' | 'everything' }
  /** A process kills itself at an exact point of its work; `sink`: the number of the sink that it works with there. */
  | { readonly kind: 'trap'; readonly point: Point; readonly sink: number; readonly doomed: Doomed }
  /** Stopped by SIGSTOP for a while; then it continues, or is killed while stopped. */
  | { readonly kind: 'freeze'; readonly target: Role | 'supervisor'; readonly ms: number; readonly isKilled: boolean }
  /**
   * A consumer is frozen while its supervisor is killed. If the consumer is not killed, it wakes while its successor
   * works.
   */
  | { readonly kind: 'orphan'; readonly ms: number }
  /** SIGTERM to the supervisor, which is killed if it has not ended after `ms`, if that is given. */
  | { readonly kind: 'stop'; readonly ms: number | null }
  /** The disk of the queue is filled to the last byte, for a while. */
  | { readonly kind: 'disk full'; readonly ms: number };

export interface Planned {
  /** Whether to wait until the pipeline is at work (again): some faults should hit a start, most should not. */
  readonly isAtWork: boolean;
  readonly waitMs: number;
  readonly fault: Fault;
}

type Draw = (random: () => number, range: Range) => Fault;

const longestWaitMs = 900;
const longestFreezeMs = 800;

/** Percentages. Supervisors die often, because that is the harder case, and it ends the back-off of crashed children. */
const draws: readonly (readonly [weight: number, draw: Draw])[] = [
  [20, () => ({ kind: 'kill', target: 'consumer' })],
  [9, () => ({ kind: 'kill', target: 'producer' })],
  [14, () => ({ kind: 'kill', target: 'supervisor' })],
  [6, () => ({ kind: 'kill', target: 'everything' })],
  [
    28,
    (random, range) => {
      const point = oneOf(range.finishing.length > 0 ? [...points, ...finishPoints] : points, random);
      const doomed = oneOf(['self', 'self', 'supervisor', 'both'] as const, random);
      return { kind: 'trap', point, sink: sinkAt(point, random, range), doomed };
    },
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

/** An endless schedule, which is the same for the same randomness. Without a disk that can be filled, it fills none. */
export function* schedule(random: () => number, range: Range): Generator<Planned, never> {
  for (;;) {
    const fault = draw(random, range);
    // Squared, so that early faults are more frequent than late ones.
    const planned = { isAtWork: random() < 0.8, waitMs: upTo(longestWaitMs, random) * random(), fault };
    if (range.canFillDisk || fault.kind !== 'disk full') yield planned;
  }
}

/** The number of the sink for a point. What a single sink draws does not depend on this. */
function sinkAt(point: Point, random: () => number, { sinks, finishing }: Range): number {
  if (isOfFinish(point)) return finishing.length > 1 ? oneOf(finishing, random) : finishing[0]!;
  const isOfSink = point === 'before commit' || point === 'after commit';
  return isOfSink && sinks > 1 ? Math.floor(random() * sinks) : 0;
}

export function isOfFinish(point: Point): boolean {
  return finishPoints.includes(point);
}

function draw(random: () => number, range: Range): Fault {
  let rest = random() * draws.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, make] of draws) {
    rest -= weight;
    if (rest < 0) return make(random, range);
  }
  return draws[0]![1](random, range);
}

function oneOf<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)]!;
}

function upTo(most: number, random: () => number): number {
  return Math.round(random() * most);
}
