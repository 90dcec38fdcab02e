import type { Delivery } from '../../../src/sinks/port.ts';
import type { Item } from './items.ts';
import type { Plan, SinkKind } from './plan.ts';
import type { Random } from './random.ts';

/** The sinks of a world besides its first one, and what they do to some items. */
export interface Others {
  others: SinkKind[];
  /** They refuse each item whose number is a multiple of this; 0 to refuse none. */
  refuseEvery: number;
  /** Sinks that are called postpone each item whose number is a multiple of this, at random; 0 to postpone none. */
  putOffEvery: number;
}

/** Only one sink of parts: with two, a row that the second refuses may be in the first twice. */
const choices: readonly SinkKind[][] = [
  ['server'],
  ['plain'],
  ['part'],
  ['server', 'plain'],
  ['plain', 'part'],
  ['server', 'part'],
  ['server', 'plain', 'part'],
];

/**
 * Adds other sinks to some worlds. They are drawn separately, so that the other worlds are the same as before there were
 * worlds with several sinks.
 */
export function withOthers(plan: Plan, random: Random): Plan {
  const canHaveOthers = plan.sink === 'server' || plan.sink === 'plain';
  if (!canHaveOthers || !random.chance(0.4)) return plan;
  return withSinks(plan, {
    others: random.pick(choices),
    refuseEvery: random.pick([0, 2, 3, 7]),
    putOffEvery: random.pick([0, 0, 5]),
  });
}

/** The same world with these other sinks. */
export function withSinks(plan: Plan, others: Others): Plan {
  const isRestorable = !others.others.includes('part');
  // A sink without a ledger cannot refuse an older queue, whose writers would write to the same parts again.
  const faults = plan.faults.filter((fault) => isRestorable || (fault !== 'snapshot' && fault !== 'put back'));
  return { ...plan, ...others, faults };
}

export function sinksIn({ sink, others }: Pick<Plan, 'sink' | 'others'>): readonly SinkKind[] {
  return [sink, ...others];
}

/** Their ids, as `to.all` gives them. */
export function sinkIds(plan: Pick<Plan, 'sink' | 'others'>): string[] {
  const kinds = sinksIn(plan);
  return kinds.map((kind, i) => {
    const before = kinds.slice(0, i).filter((other) => other === kind).length;
    return before === 0 ? kind : `${kind} ${before + 1}`;
  });
}

export function deliveryOf(kind: SinkKind): Delivery {
  if (kind === 'part') return 'part';
  return kind === 'plain' ? 'call' : 'transaction';
}

/** Whether the other sinks refuse the rows of an item, until it is given back as a dead letter. */
export function isRefused({ others, refuseEvery }: Plan, { id }: Pick<Item, 'id'>): boolean {
  return others.length > 0 && isOf(id, refuseEvery);
}

/** Never the first item: if a service is unreachable, the first item shows that other items can succeed. */
export function isOf(id: number, every: number): boolean {
  return every > 0 && id > 0 && id % every === 0;
}
