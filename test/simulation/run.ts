import { partsOf } from './world/items.ts';
import type { Departure } from './world/departure.ts';
import { isRefused, sinksIn, withOthers } from './world/others.ts';
import { planFrom, type FaultKind } from './world/plan.ts';
import { Random } from './world/random.ts';
import { calm, step } from './world/schedule.ts';
import { World } from './world/world.ts';
import type { SeqFacts } from './checks/facts.ts';
import { claim } from './checks/violation.ts';

/**
 * How many steps a world may take to its end once faults have stopped. An item that fails alone gets 200 attempts, up to
 * a minute apart; where consumers are recycled each second, that takes up to 70,000 steps.
 */
const mostCalmSteps = 200_000;

export interface Run {
  seed: number;
  steps: number;
  /** The violation; undefined if there was none. */
  failure: Error | undefined;
  /** Every line of its story. */
  story: string[];
}

/** Runs the world that a seed describes to its end, or to the first claim that does not hold. */
export async function run(seed: number, departure: Departure = {}): Promise<Run> {
  const random = new Random(seed);
  const plan = withOthers(planFrom(random), new Random(~seed >>> 0));
  const world = new World(departure.focus?.(plan) ?? plan, random, departure);
  const { story } = world;
  let failure: Error | undefined;
  try {
    world.startSupervisor();
    await world.settle();
    while (!world.isFinished && !world.isAbandoned) {
      if (!world.isCalm && story.step >= world.plan.steps) calm(world);
      claim('S17', story.step < world.plan.steps + mostCalmSteps, () => `it does not end: ${reasonsOf(world)}`);
      step(world);
      await world.settle();
    }
    if (!world.isAbandoned) checkTheEnd(world);
  } catch (error) {
    failure = error as Error;
  } finally {
    world.close();
  }
  return { seed, steps: story.step, failure, story: story.lines };
}

function reasonsOf({ supervisor }: World): string {
  return supervisor?.running?.service.status.reasons.join('; ') ?? 'no supervisor serves';
}

/** Whether an item that does not kill may have been taken for a killer. */
function mayBeTakenForAKiller({ plan }: World, { deaths, deathsAlone, deathsFromOutside }: SeqFacts): boolean {
  if (deaths < 3 || deathsAlone === 0) return false;
  // An item that kills after it has run causes other items to be named.
  if (plan.items.some(({ way }) => way === 'kills late')) return true;
  const isKilledFromOutside = deathsFromOutside > 0 || plan.faults.some((fault) => killing.has(fault));
  return deathsAlone > 1 && isKilledFromOutside;
}

const killing: ReadonlySet<FaultKind> = new Set([
  'kill consumer',
  'kill consumer after',
  'kill supervisor',
  'kill supervisor after',
  'power loss',
  'disk breaks',
]);

/** Checks that every item of the source is where it belongs. */
function checkTheEnd(world: World): void {
  const { plan, checker } = world;
  const { facts } = checker;
  const stored = new Set(facts.stored);
  for (const { id } of plan.items) claim('S5', stored.has(id), () => `item ${id} was never stored`);
  for (const found of facts.seqs.values()) {
    const { seq, id, state, failures, outages } = found;
    if (state === 'given back' || state === 'purged') continue;
    // As far as the product could see, it failed alone.
    if (state === 'dead' && outages > 1 && failures + outages > plan.attempts) continue;
    const parts = partsOf(plan.items[id]!);
    // All sinks accept the rows of an item that was refused and then given back.
    const isDead = parts === undefined || (parts.length > 0 && found.from === undefined && isRefused(plan, { id }));
    const wanted = !isDead && !(state === 'dead' && mayBeTakenForAKiller(world, found)) ? 'done' : 'dead';
    claim(
      'S4',
      state === wanted,
      () => `seq ${seq} (item ${id}, ${plan.items[id]!.way}) ended as ${state}, not ${wanted}`,
    );
    for (const part of (wanted === 'done' && parts) || []) {
      for (const [sink, kind] of sinksIn(plan).entries()) {
        const isThere = facts.hasRow(sink, found, part);
        claim(
          'S3',
          isThere,
          () => `seq ${seq} (item ${id}) is done, and its row ${part} is not in sink ${sink} (${kind})`,
        );
      }
    }
  }
}
