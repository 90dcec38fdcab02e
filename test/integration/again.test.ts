import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
  project.write('days.ts', pipeline);
});
afterEach(() => project.clean());

/** The source is a new file every day; an item waits until a file `go` exists. */
const pipeline = `
  import { definePipeline, PermanentError, to } from 'millrace';
  import { existsSync, readFileSync } from 'node:fs';
  const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));
  export default definePipeline({
    name: 'days',
    *source() {
      const [day, items] = readFileSync('day', 'utf8').trim().split(' ');
      for (let id = 1; id <= Number(items); id++) yield { day, id };
    },
    async process({ day, id }, { seq, signal }) {
      while (!existsSync('go-' + day) && !signal.aborted) await wait(5);
      if (signal.aborted) throw signal.reason;
      if (day === 'bad') throw new PermanentError('a bad day');
      return { day, id, seq };
    },
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
  });`;

const rows = (): unknown[] =>
  project.query('out.db', 'SELECT day, count(*) AS n FROM rows GROUP BY day ORDER BY min(seq)');

/** Leaves a run of `day` that was stopped with all its items open. */
async function leaveOpen(day: string): Promise<void> {
  project.write('day', `${day} 20`);
  const running = project.start(['run', 'days.ts', '--stop-timeout', '0s']);
  await project.statusWhere('days', ({ state }) => state === 'sealed');
  running.kill('SIGTERM');
  await running.ended;
}

describe('--again over an open run', () => {
  it('finishes that run, starts the new one in the same process, and reports both', async () => {
    await leaveOpen('monday');
    project.write('day', 'tuesday 30');
    for (const day of ['monday', 'tuesday']) project.write(`go-${day}`, '');
    const running = project.start(['run', 'days.ts', '--again']);
    expect((await running.ended).code).toBe(0);
    expect(rows()).toEqual([
      { day: 'monday', n: 20 },
      { day: 'tuesday', n: 30 },
    ]);
    const finished = running.log.filter(({ event }) => event === 'run.finished');
    expect(finished).toMatchObject([{ items: 20 }, { items: 30 }]);
    expect(running.log.filter(({ event }) => event === 'run.owed')).toEqual([]);
  });

  it('exits with 3 if only the first of the two runs has dead letters', async () => {
    await leaveOpen('bad');
    project.write('day', 'tuesday 5');
    for (const day of ['bad', 'tuesday']) project.write(`go-${day}`, '');
    expect((await project.run(['run', 'days.ts', '--again'])).code).toBe(3);
    expect(rows()).toEqual([{ day: 'tuesday', n: 5 }]);
    // The run that is finished now is the second run.
    expect((await project.run(['run', 'days.ts'])).code).toBe(0);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'that is ended by %s while it finishes the first run does not start the new one, and the next start says so',
    async (signal) => {
      await leaveOpen('monday');
      project.write('day', 'tuesday 30');
      const running = project.start(['run', 'days.ts', '--again', '--stop-timeout', '0s']);
      await project.statusWhere('days', ({ processes }) => processes.some(({ started }) => started > 0));
      running.kill(signal);
      await running.ended;
      project.write('go-monday', '');
      const next = project.start(['run', 'days.ts']);
      expect((await next.ended).code).toBe(0);
      expect(next.log.filter(({ event }) => event === 'run.owed')).toHaveLength(1);
      expect(rows()).toEqual([{ day: 'monday', n: 20 }]);
      project.write('go-tuesday', '');
      const again = project.start(['run', 'days.ts', '--again']);
      expect((await again.ended).code).toBe(0);
      expect(again.log.filter(({ event }) => event === 'run.owed')).toEqual([]);
      expect(rows()).toEqual([
        { day: 'monday', n: 20 },
        { day: 'tuesday', n: 30 },
      ]);
    },
  );
});
