import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { microtasks } from '../../support/microtasks.ts';
import { rowsOf, World, type Item } from './a-world.ts';

const item = fc.constantFrom<Item['way']>(
  'at once',
  'soon',
  'slow',
  'fails first',
  'never',
  'nothing',
  'twice',
  'later',
);

/** One thing that happens next. `pick` chooses among what it could happen to. */
type Step = {
  kind: 'hear' | 'beHeard' | 'tick' | 'promises' | 'time' | 'kill' | 'killSupervisor' | 'stop' | 'fill' | 'room';
  pick: number;
};

const step = fc.record<Step>({
  kind: fc.oneof(
    { weight: 30, arbitrary: fc.constant('hear' as const) },
    { weight: 30, arbitrary: fc.constant('beHeard' as const) },
    { weight: 20, arbitrary: fc.constant('tick' as const) },
    { weight: 25, arbitrary: fc.constant('promises' as const) },
    { weight: 15, arbitrary: fc.constant('time' as const) },
    { weight: 3, arbitrary: fc.constant('kill' as const) },
    { weight: 1, arbitrary: fc.constant('killSupervisor' as const) },
    { weight: 1, arbitrary: fc.constant('stop' as const) },
    { weight: 1, arbitrary: fc.constant('fill' as const) },
    { weight: 2, arbitrary: fc.constant('room' as const) },
  ),
  pick: fc.nat({ max: 1000 }),
});

async function take(world: World, { kind, pick }: Step): Promise<void> {
  const child = world.children[pick % Math.max(world.children.length, 1)];
  switch (kind) {
    case 'hear':
      child?.hear();
      break;
    case 'beHeard':
      child?.beHeard();
      break;
    case 'tick':
      world.clock.endTick();
      break;
    case 'promises':
      await microtasks(1 + (pick % 6));
      break;
    case 'time':
      world.clock.turn(1 + (pick % 300));
      break;
    case 'kill':
      child?.die(pick % 4);
      break;
    case 'killSupervisor':
      world.killSupervisor();
      break;
    case 'stop':
      world.service!.stop('SIGTERM');
      break;
    case 'fill':
      world.fill(pick % 2 === 0);
      break;
    case 'room':
      world.makeRoom();
      break;
  }
}

function check(world: World): void {
  const { queued, lent, retrying } = world.queue!.stats;
  assert.ok(
    queued >= 0 && lent >= 0 && retrying >= 0,
    `counts below nothing: ${JSON.stringify({ queued, lent, retrying })}`,
  );
  // A stop with the disk full is the one thing that may fail.
  assert.equal(world.outcome?.error?.exitCode ?? 74, 74, world.outcome?.error?.message);
}

describe('a whole pipeline', () => {
  it('puts every item into the sink once, whoever is killed or stopped when, and however often the disk is full', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { minLength: 100, maxLength: 900, size: 'max' }),
        async (ways, checkpointEvery, consumers, steps) => {
          const items = ways.map((way, id) => ({ id, way }));
          const world = new World({ items, checkpointEvery, consumers });
          for (const next of steps) {
            if (world.isFinished) break;
            if (world.outcome) world.startSupervisor();
            await take(world, next);
            check(world);
          }
          // No more faults: it must come to its end.
          world.makeRoom();
          for (let round = 0; !world.isFinished; round++) {
            if (world.outcome) world.startSupervisor();
            assert.ok(round < 3000, `it does not end: ${world.service!.status.reasons.join('; ')}`);
            await world.calm(50);
            check(world);
          }
          const run = world.store.run()!;
          const dead = ways.filter((way) => way === 'never').length;
          assert.deepEqual(world.sink.rows.toSorted(), items.flatMap(rowsOf).toSorted());
          assert.deepEqual(
            { state: run.state, stored: run.stored, done: run.done, dead: run.dead },
            { state: 'finished', stored: items.length, done: items.length - dead, dead },
          );
          assert.equal(world.outcome?.exitCode, dead > 0 ? 3 : 0);
          assert.deepEqual(world.store.totals(), { items: 0, bytes: 0, retrying: 0 });
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});
