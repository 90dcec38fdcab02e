/**
 * The crash matrix of `settled`: when × who. The source (fixtures/settling.ts) has chunks of four items and writes down each
 * call. Each cell says with which cursors the processes of the run are called, all together: a cursor may be
 * repeated only if its confirmation was not committed.
 */
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../src/observability/status.ts';
import type { Heard } from '../fixtures/settling.ts';
import { Project, type Running } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

type Victim = 'producer killed' | 'supervisor killed' | 'both killed' | 'consumer killed' | 'stopped by TERM';
type Moment = 'before the call' | 'inside the call' | 'before the confirmation is committed';

const victims: Victim[] = ['producer killed', 'supervisor killed', 'both killed', 'consumer killed', 'stopped by TERM'];

/** The cursor at stake is 8. Both killed is the same as the supervisor killed, whose producer ends with it: it is tried once. */
const matrix: [Moment, Victim, number[]][] = [
  ['before the call', 'producer killed', [4, 8]],
  ['before the call', 'supervisor killed', [4, 8]],
  ['before the call', 'both killed', [4, 8]],
  ['before the call', 'consumer killed', [4, 8]],
  ['before the call', 'stopped by TERM', [4, 8]],
  ['inside the call', 'producer killed', [4, 8, 8]],
  ['inside the call', 'supervisor killed', [4, 8, 8]],
  ['inside the call', 'both killed', [4, 8, 8]],
  ['inside the call', 'consumer killed', [4, 8]],
  ['inside the call', 'stopped by TERM', [4, 8]],
  // What a dead producer has sent is read, and so confirmed. A dead supervisor reads nothing.
  ['before the confirmation is committed', 'producer killed', [4, 8]],
  ['before the confirmation is committed', 'supervisor killed', [4, 8, 8]],
  ['before the confirmation is committed', 'both killed', [4, 8, 8]],
  ['before the confirmation is committed', 'consumer killed', [4, 8]],
  ['before the confirmation is committed', 'stopped by TERM', [4, 8]],
];

/** A pipeline that runs, and the command that started it and resumes it. */
interface Run {
  running: Running;
  start: () => Running;
}

function begin(params: Record<string, number>): Run {
  const given = Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  const start = (): Running => project.start(['run', resolve('test/fixtures/settling.ts'), ...given]);
  return { running: start(), start };
}

const hold = (...gates: string[]): void => gates.forEach((gate) => project.write(`${gate}.hold`, ''));
const letGo = (...gates: string[]): void => gates.forEach((gate) => rmSync(project.path(`${gate}.hold`)));
const isHeld = (gate: string): Promise<true> =>
  project.until(() => existsSync(project.path(`${gate}.held`)) || undefined);

const heard = (): Heard[] =>
  project
    .read('heard')
    .split('\n')
    .flatMap((line) => (line ? [JSON.parse(line) as Heard] : []));

const hasReturned = (): Promise<true> =>
  project.until(() => heard().some(({ step }) => step === 'returned') || undefined);

/** Resolves when that many items are settled, and that is committed. */
async function areSettled(items: number): Promise<void> {
  await project.statusWhere('settling', ({ items: { done, dead } }) => done + dead === items);
  // It counts what the supervisor commits at the end of this turn of its event loop; the next answer is from a later turn.
  await project.status('settling');
}

/** Leads to the moment in a run in which `settled-4`, `settled-8` and `item-8` are held. Resolves to the gates still held. */
const reach: Record<Moment, (run: Run) => Promise<string[]>> = {
  'before the call': async () => {
    // One call at a time: 8 is due, and waits for the call with 4.
    letGo('item-8');
    await areSettled(8);
    return ['settled-4', 'settled-8'];
  },
  'inside the call': async () => {
    letGo('settled-4', 'item-8');
    await isHeld('settled-8');
    return ['settled-8'];
  },
  'before the confirmation is committed': async ({ running }) => {
    letGo('settled-4', 'item-8');
    await isHeld('settled-8');
    running.kill('SIGSTOP');
    letGo('settled-8');
    await project.until(() => heard().some(({ step, cursor }) => step === 'returned' && cursor === 8) || undefined);
    return [];
  },
};

/** Kills or stops it, lets go of the gates as soon as it has gone, and resolves to what ends the run. */
async function crash({ running, start }: Run, victim: Victim, gates: string[]): Promise<Running> {
  const pidOf = (role: string): number =>
    Number(running.log.findLast((entry) => entry.event === 'child.started' && entry.role === role)?.pid);
  const killed = async (pid: number): Promise<Running> => {
    process.kill(pid, 'SIGKILL');
    running.kill('SIGCONT');
    await running.logged('child.exited', (entry) => entry.pid === pid);
    letGo(...gates);
    return running;
  };
  switch (victim) {
    case 'producer killed':
      return await killed(pidOf('producer'));
    case 'consumer killed':
      return await killed(pidOf('consumer'));
    case 'both killed':
    case 'supervisor killed':
      if (victim === 'both killed') process.kill(pidOf('producer'), 'SIGKILL');
      running.kill('SIGKILL');
      await running.ended;
      // Its children die with it, and must not be let go before that.
      await project.quiet();
      letGo(...gates);
      return start();
    case 'stopped by TERM':
      running.kill('SIGTERM');
      running.kill('SIGCONT');
      await running.logged('run.stopping');
      letGo(...gates);
      const { code, stderr } = await running.ended;
      if (code !== 0) throw new Error(`the stop ended with ${code}, not 0:\n${stderr}`);
      return start();
  }
}

/** What a run has come to: its exit code, and what its source has heard, in all processes. */
interface Outcome {
  code: number | null;
  calls: number[];
  /** Calls that were ahead of the sink. */
  early: Heard[];
  /** Calls with a cursor that the same process had heard before. */
  twice: Heard[];
  lastReturned: number | undefined;
}

async function outcomeOf({ ended }: Running): Promise<Outcome> {
  const { code } = await ended;
  const all = heard();
  const called = all.filter(({ step }) => step === 'called');
  return {
    code,
    calls: called.map(({ cursor }) => cursor),
    early: called.filter(({ missing }) => missing.length > 0),
    twice: called.filter(({ pid, cursor }, i) =>
      called.slice(0, i).some((before) => before.pid === pid && before.cursor === cursor),
    ),
    lastReturned: all.findLast(({ step }) => step === 'returned')?.cursor,
  };
}

/** A run that ended well, with these calls. */
const well = (calls: number[], { code = 0 } = {}): Outcome => ({
  code,
  calls,
  early: [],
  twice: [],
  lastReturned: calls.at(-1),
});

describe('what is settled', () => {
  it.each(matrix)('is heard in order while the source is being read: %s, %s: %j', async (moment, victim, calls) => {
    hold('settled-4', 'settled-8', 'item-8', 'read-12');
    const run = begin({ items: 12 });
    await isHeld('read-12');
    await isHeld('settled-4');
    const gates = await reach[moment](run);
    const last = await crash(run, victim, [...gates, 'read-12']);
    expect(await outcomeOf(last)).toEqual(well([...calls, 12]));
    project.expectEachOnce(12);
  });

  it.each(matrix.filter(([, victim]) => victim !== 'both killed'))(
    'is heard in order after the source has ended: %s, %s: %j',
    async (moment, victim, calls) => {
      hold('settled-4', 'settled-8', 'item-8');
      const run = begin({ items: 8 });
      await run.running.logged('run.sealed');
      await isHeld('settled-4');
      const gates = await reach[moment](run);
      const last = await crash(run, victim, gates);
      expect(await outcomeOf(last)).toEqual(well(calls));
      project.expectEachOnce(8);
    },
  );

  it.each(victims.filter((victim) => victim !== 'both killed'))(
    'is not heard again between the last confirmation and the end of the run: %s',
    async (victim) => {
      hold('close', 'teardown');
      const run = begin({ items: 4 });
      await isHeld('close');
      await isHeld('teardown');
      const last = await crash(run, victim, ['close', 'teardown']);
      expect(await outcomeOf(last)).toEqual(well([4]));
      project.expectEachOnce(4);
    },
  );

  it.each<[Victim, number[]]>([
    ['producer killed', [4, 4, 12]],
    ['supervisor killed', [4, 4, 12]],
    ['both killed', [4, 4, 12]],
    ['consumer killed', [4, 12]],
    ['stopped by TERM', [4, 12]],
  ])('does not include an item that waits for a retry: inside the call, %s: %j', async (victim, calls) => {
    hold('settled-4');
    const run = begin({ items: 12, fails: 6 });
    // In the call with 4, or in one that should not have come.
    await project.until(() => heard().length > 0 || undefined);
    await areSettled(11);
    const last = await crash(run, victim, ['settled-4']);
    await hasReturned();
    // A producer that has ended by now heard too much.
    const isSteady = ({ state }: Status['processes'][number]): boolean => state === 'ready' || state === 'stopped';
    await project.statusWhere('settling', ({ processes }) => processes.every(isSteady));
    await project.status('settling');
    project.write('mended', '');
    expect(await outcomeOf(last)).toEqual(well(calls));
    project.expectEachOnce(12);
  });

  it.each(victims.filter((victim) => victim !== 'both killed'))(
    'includes a dead letter: before the call, %s',
    async (victim) => {
      hold('settled-4', 'settled-8', 'item-8');
      const run = begin({ items: 8, dies: 6 });
      await isHeld('settled-4');
      const gates = await reach['before the call'](run);
      const last = await crash(run, victim, gates);
      expect(await outcomeOf(last)).toEqual(well([4, 8], { code: 3 }));
      expect(project.query('out.db', 'SELECT id FROM rows ORDER BY id')).toEqual(
        [1, 2, 3, 4, 5, 7, 8].map((id) => ({ id })),
      );
    },
  );
});
