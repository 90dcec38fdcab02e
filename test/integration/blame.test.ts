import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../src/observability/status.ts';
import { Project, type Running } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const items = 5000;

/** These of many items do something other than end in the table. */
const pipeline = (killers: readonly number[], way: string, more = '') =>
  `
  import { definePipeline, to } from 'millrace';
  const killers = new Set(${JSON.stringify(killers)});
  export default definePipeline({
    name: 'blame',
    *source() { for (let id = 1; id <= ${items}; id++) yield { id }; },
    async process(item, context) {
      if (killers.has(item.id)) { ${way} }
      return { id: item.id, attempt: context.attempt };
    },
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
    ${more}
  });`.replace('async process', way.includes('await') ? 'async process' : 'process');

/** All other items are there once, from their first attempt. */
function expectAllBut(...missing: number[]): void {
  const [totals] = project.query<object>(
    'out.db',
    'SELECT count(*) AS rows, count(DISTINCT id) AS ids, max(attempt) AS attempts FROM rows',
  );
  const rows = items - missing.length;
  expect(totals).toEqual({ rows, ids: rows, attempts: 1 });
  const there = project.query('out.db', `SELECT id FROM rows WHERE id IN (${missing.join(', ') || '0'})`);
  expect(there).toEqual([]);
}

interface Letter {
  reason: string;
  history: { message: string }[];
}

async function deadLetters(): Promise<Letter[]> {
  const { stdout } = await project.run(['dead', 'ls', 'blame', '--json']);
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Letter);
}

function deathsIn({ log }: Running): number {
  return log.filter(({ event, role, level }) => event === 'child.exited' && role === 'consumer' && level === 'error')
    .length;
}

describe('an item that kills its consumer', () => {
  it.each<[how: string, way: string, cause: RegExp, deaths: number, stallTimeout?: string]>([
    ['ends the process', 'process.exit(7);', /^killed its consumer 3 times: exit code 7$/, 3],
    ['ends it as if all were well', 'process.exit(0);', /: exit code 0$/, 3],
    ['breaks it', `process.kill(process.pid, 'SIGSEGV'); while (true);`, /: SIGSEGV$/, 3],
    ['kills it', `process.kill(process.pid, 'SIGKILL'); while (true);`, /: SIGKILL$/, 4],
    [
      'throws where nobody catches it',
      'await new Promise(() => setTimeout(() => { throw null; }));',
      /uncaught .*null/,
      3,
    ],
    [
      'takes all memory',
      'const all = []; while (true) all.push(new Array(1e5).fill({}));',
      /: ran out of memory \(V8 heap\)$/,
      3,
    ],
    ['never lets go of it', 'while (true);', /: hang: silent for 2s$/, 3, '2s'],
  ])('because it %s becomes a dead letter after the third time, and no other item does', async (...row) => {
    const [, way, cause, deaths, stallTimeout = '60s'] = row;
    project.write('blame.ts', pipeline([3777], way));
    const running = project.start(
      ['run', 'blame.ts', '--consumers', '2', '--retry-base', '10ms', '--stall-timeout', stallTimeout],
      { NODE_OPTIONS: '--max-old-space-size=96' },
    );
    expect((await running.ended).code).toBe(3);
    expectAllBut(3777);
    const letters = await deadLetters();
    expect(letters).toMatchObject([{ seq: 3777, attempts: 1, kills: 3, item: { id: 3777 } }]);
    expect(letters[0]?.reason).toMatch(cause);
    const history = letters[0]?.history.map(({ message }) => message.split(':')[0]) ?? [];
    expect(history.at(-1)).toBe('killed its consumer 3 times');
    expect(deathsIn(running)).toBeLessThanOrEqual(deaths);
  });

  it('among eight such items within a minute parks no consumer', async () => {
    const killers = Array.from({ length: 8 }, (_, i) => 500 + i * 550);
    project.write('blame.ts', pipeline(killers, 'process.exit(7);'));
    const running = project.start(['run', 'blame.ts', '--consumers', '2', '--retry-base', '10ms']);
    expect((await running.ended).code).toBe(3);
    expectAllBut(...killers);
    expect(await deadLetters()).toHaveLength(8);
    expect(running.log.filter(({ event }) => event === 'child.parked')).toEqual([]);
  });

  it('is reported as possibly written if there is no ledger to ask', async () => {
    project.write(
      'blame.ts',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'blame',
         source: [{ id: 1 }, { id: 2 }, { id: 3 }],
         process(item) { if (item.id === 2) process.exit(7); return item; },
         sink: to.stdout(),
       });`,
    );
    const running = project.start(['run', 'blame.ts', '--consumers', '1', '--retry-base', '10ms']);
    expect((await running.ended).code).toBe(3);
    expect(await deadLetters()).toMatchObject([
      {
        seq: 2,
        reason: 'killed its consumer 3 times: exit code 7 (it may have been written: the sink has no transactions)',
      },
    ]);
  });
});

describe('an item that brings down the supervisor', () => {
  it('is found in the end, however often all processes are killed, and no other item is lost or uses a second attempt', async () => {
    project.write('blame.ts', pipeline([777], `process.kill(process.ppid, 'SIGKILL'); while (true);`));
    const ends: (number | string | null)[] = [];
    // Three deaths to notice, and three by itself. Before that, other items may settle in between, fewer each time.
    while (ends.length < 40 && !ends.includes(3)) {
      const { code, signal } = await project.run(['run', 'blame.ts', '--consumers', '2', '--retry-base', '10ms']);
      ends.push(signal ?? code);
      await project.quiet();
    }
    expect([ends.at(-1), new Set(ends.slice(0, -1))]).toEqual([3, new Set(['SIGKILL'])]);
    expectAllBut(777);
    expect(await deadLetters()).toMatchObject([
      { seq: 777, attempts: 1, kills: 3, reason: 'killed its consumer 3 times: its supervisor was killed with it' },
    ]);
  });
});

describe('a consumer that is killed from outside, once', () => {
  it.each([1, 2])('costs no more than repeating the items that it had started (%i consumers)', async (consumers) => {
    project.write(
      'blame.ts',
      `import { appendFileSync } from 'node:fs';
       import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'blame',
         *source() { for (let id = 1; id <= 400; id++) yield { id }; },
         async process({ id }) {
           appendFileSync('starts.txt', id + '\\n');
           await new Promise((done) => setTimeout(done, 500));
           return { id };
         },
         sink: to.sqlite({ file: 'out.db', table: 'rows' }),
       });`,
    );
    const args = ['run', 'blame.ts', '--consumers', `${consumers}`, '--concurrency', '50', '--log-level', 'debug'];
    const running = project.start(args);
    const isBusy = ({ who, lent }: Status['processes'][number]): boolean => who.role === 'consumer' && lent >= 40;
    const { processes } = await project.statusWhere('blame', ({ items: { done }, processes: all }) => {
      return done >= 50 && all.some(isBusy);
    });
    const victim = processes.find(isBusy)!;
    process.kill(victim.who.pid!, 'SIGKILL');
    expect((await running.ended).code).toBe(0);
    project.expectEachOnce(400);
    // No item ran alone, and no item was started again that had not been started before.
    const [marked] = running.log.filter(({ event }) => event === 'items.marked') as unknown as { items: number }[];
    // The items in its slots and, if all of them ended just before, as many whose results were not settled yet.
    expect(marked?.items).toBeLessThanOrEqual(100);
    expect(running.log.filter(({ event }) => event === 'items.isolated' || event === 'item.killed')).toEqual([]);
    expect(project.read('starts.txt').trim().split('\n').length).toBeLessThanOrEqual(400 + (marked?.items ?? 0));
  });
});

describe('two items that kill at the same time', () => {
  it.each(['SIGKILL', 'SIGSEGV'])('are both found within four deaths, and no other item dies (%s)', async (signal) => {
    project.write(
      'blame.ts',
      `import { appendFileSync } from 'node:fs';
       import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'blame',
         *source() { for (let id = 1; id <= 60; id++) yield { id }; },
         async process({ id }) {
           if (id === 7 || id === 8) {
             appendFileSync('killed.txt', id + '\\n');
             process.kill(process.pid, '${signal}');
             while (true);
           }
           await new Promise((done) => setTimeout(done, 100));
           return { id };
         },
         sink: to.sqlite({ file: 'out.db', table: 'rows' }),
       });`,
    );
    const args = ['run', 'blame.ts', '--consumers', '2', '--concurrency', '10', '--retry-base', '10ms'];
    expect((await project.run(args)).code).toBe(3);
    expect(await deadLetters()).toMatchObject([{ seq: 7 }, { seq: 8 }]);
    expect(project.query('out.db', 'SELECT count(DISTINCT id) AS ids FROM rows')).toEqual([{ ids: 58 }]);
    const killed = project.read('killed.txt').trim().split('\n');
    for (const id of ['7', '8']) expect(killed.filter((other) => other === id).length).toBeLessThanOrEqual(4);
  });
});

describe('consumers that are repeatedly killed from outside', () => {
  it('condemn no item', async () => {
    project.write(
      'blame.ts',
      pipeline([], '', 'options: { crashLimit: 1000 },').replace(
        'return {',
        'for (const until = performance.now() + 0.2; performance.now() < until;);\n return {',
      ),
    );
    const running = project.start(['run', 'blame.ts', '--consumers', '2', '--retry-base', '10ms']);
    // Not while it runs a single item: an item during which three consumers in a row are killed is taken for the killer.
    const isAtWork = ({ who, lent }: Status['processes'][number]): boolean => who.role === 'consumer' && lent > 1;
    for (let kills = 0; kills < 10; kills++) {
      const status = await project.statusWhere('blame', ({ items: { done }, processes }) => {
        return done > kills * 400 && processes.some(isAtWork);
      });
      const victim = status.processes.find(isAtWork)!;
      process.kill(victim.who.pid!, 'SIGKILL');
      await running.logged('child.exited', ({ pid }) => pid === victim.who.pid);
    }
    expect((await running.ended).code).toBe(0);
    expectAllBut();
  });
});
