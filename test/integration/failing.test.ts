import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const pipeline = (process: string, more = '') => `
  import { definePipeline, DependencyError, PermanentError, RetryAfter, to } from 'millrace';
  export default definePipeline({
    name: 'fails',
    *source() { for (let id = 1; id <= 20; id++) yield { id }; },
    process(item, context) { ${process} },
    ${more}
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
  });`;
const fast = ['--retry-base', '1ms', '--retry-cap', '2ms'];
const ids = (): number[] =>
  project.query<{ id: number }>('out.db', 'SELECT id FROM rows ORDER BY id').map(({ id }) => id);

describe('an item that throws', () => {
  it('runs again until it succeeds', async () => {
    project.write(
      'fails.ts',
      pipeline(
        `if (item.id === 7 && context.attempt < 3) throw new Error('not yet'); return { ...item, attempt: context.attempt };`,
      ),
    );
    expect((await project.run(['run', 'fails.ts', ...fast])).code).toBe(0);
    expect(project.query('out.db', 'SELECT id, attempt FROM rows WHERE attempt > 1')).toEqual([{ id: 7, attempt: 3 }]);
    expect(ids()).toHaveLength(20);
  });

  it('becomes a dead letter after its attempts; the run ends with 3, and dead ls shows why', async () => {
    project.write('fails.ts', pipeline(`if (item.id === 7) throw new Error('seven is odd'); return item;`));
    const { code } = await project.run(['run', 'fails.ts', '--attempts', '3', ...fast]);
    expect(code).toBe(3);
    expect(ids()).toEqual([1, 2, 3, 4, 5, 6, ...Array.from({ length: 13 }, (_, i) => i + 8)]);
    const listed = await project.run(['dead', 'ls', 'fails', '--json']);
    expect(listed.code).toBe(0);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      seq: 7,
      attempts: 3,
      item: { id: 7 },
      error: { message: 'seven is odd' },
    });
    expect((await project.run(['run', 'fails.ts'])).code).toBe(3);
  });

  it('with a PermanentError does not run again; a RetryAfter or DependencyError uses no attempt', async () => {
    project.write(
      'fails.ts',
      pipeline(`
        const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs');
        if (item.id === 1) throw new PermanentError('never');
        if (item.id === 2 && !existsSync('seen-2')) { writeFileSync('seen-2', ''); throw new RetryAfter(1); }
        return { ...item, attempt: context.attempt };`),
    );
    expect((await project.run(['run', 'fails.ts', '--attempts', '1', ...fast])).code).toBe(3);
    expect(project.query('out.db', 'SELECT attempt FROM rows WHERE id = 2')).toEqual([{ attempt: 1 }]);
    const { stdout } = await project.run(['dead', 'ls', 'fails', '--json']);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ seq: 1, attempts: 1 }]);
  });

  it('still waits for its retry after the supervisor was killed', async () => {
    project.write(
      'fails.ts',
      pipeline(
        `if (item.id === 7 && context.attempt === 1) throw new Error('not yet'); return { ...item, attempt: context.attempt };`,
      ),
    );
    const running = project.start(['run', 'fails.ts', '--retry-base', '1h', '--retry-cap', '1h']);
    await project.statusWhere('fails', ({ items, queue }) => items.done === 19 && queue.retrying === 1);
    running.kill('SIGKILL');
    await running.ended;
    const again = project.start(['run', 'fails.ts']);
    const { queue } = await project.statusWhere('fails', ({ processes }) =>
      processes.some(({ who, state }) => who.role === 'consumer' && state === 'ready'),
    );
    expect(queue).toMatchObject({ retrying: 1, queued: 0 });
    again.kill('SIGTERM');
    expect((await again.ended).code).toBe(0);
    expect(ids()).toHaveLength(19);
  });

  it('too often pauses the pipeline at deadMax, so that the rest do not become dead letters as well', async () => {
    project.write('fails.ts', pipeline(`throw new PermanentError('all wrong');`));
    const running = project.start(['run', 'fails.ts', '--consumers', '1', '--concurrency', '1', '--dead-max', '5']);
    const status = await project.statusWhere(
      'fails',
      ({ items, reasons }) => items.dead >= 5 && reasons.some((reason) => reason.includes('dead')),
    );
    expect(status.items.dead).toBeLessThan(20);
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});

describe('an item that never settles', () => {
  it('is aborted, given up together with its process, and a dead letter after its attempts; other items are not affected', async () => {
    project.write(
      'fails.ts',
      pipeline(`
        if (item.id !== 7) return { ...item, attempt: context.attempt };
        context.signal.addEventListener('abort', () => console.log('aborted'));
        return new Promise(() => undefined);`),
    );
    const limits = ['--attempts', '2', '--item-timeout', '100ms', '--abort-grace', '100ms'];
    const running = project.start(['run', 'fails.ts', '--consumers', '2', '--concurrency', '4', ...limits, ...fast]);
    expect((await running.ended).code).toBe(3);
    expect(running.log.filter(({ message }) => message === 'aborted')).toHaveLength(2);
    const died = running.log.filter(({ event, level }) => event === 'child.exited' && level === 'error');
    expect(died.map(({ message }) => message)).toEqual(
      Array(2).fill(expect.stringContaining('item 7: the item ran for longer than its itemTimeout of 100 ms')),
    );
    expect(project.query('out.db', 'SELECT count(*) AS n, max(attempt) AS attempt FROM rows')).toEqual([
      { n: 19, attempt: 1 },
    ]);
    const { stdout } = await project.run(['dead', 'ls', 'fails', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ seq: 7, attempts: 2, error: { code: 'TIMEOUT' } });
  });
});

describe('a process that crashes', () => {
  it('in a loop is given up: exit 69, with the queue intact', async () => {
    project.write(
      'fails.ts',
      pipeline('return item;', '').replace(
        'process(item, context)',
        `setup() { throw new Error('no set-up today'); }, process(item: { id: number }, context)`,
      ),
    );
    const running = project.start(['run', 'fails.ts', '--consumers', '1', '--crash-limit', '2']);
    const { code, stderr } = await running.ended;
    expect(code).toBe(69);
    expect(stderr).toContain('no set-up today');
    expect(running.log.filter(({ event }) => event === 'child.parked')).toHaveLength(1);
    // All items are stored, so the source is not counted any more, and fixed code may continue.
    project.write('fails.ts', pipeline('return item;'));
    expect((await project.run(['run', 'fails.ts'])).code).toBe(0);
    expect(ids()).toHaveLength(20);
  });

  it('as producer, because its source throws, resumes where it was, and is finally given up', async () => {
    project.write(
      'fails.ts',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'fails',
         *source() { for (let id = 1; id <= 20; id++) { if (id === 15) throw new Error('the drop has gone'); yield { id }; } },
         sink: to.sqlite({ file: 'out.db', table: 'rows' }),
       });`,
    );
    const { code, stderr } = await project.run(['run', 'fails.ts', '--crash-limit', '2']);
    expect(code).toBe(69);
    expect(stderr).toContain('the drop has gone');
    expect(ids()).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
  });
});

describe('a teardown', () => {
  it.each([
    ['never resolves', 'await new Promise(() => setInterval(() => undefined, 1000))'],
    ['throws', `throw new Error('no goodbye')`],
    ['ends its process', 'process.exit(5)'],
  ])('that can never complete does not keep the run from finishing: exit 0 with a warning (%s)', async (_, code) => {
    project.write('fails.ts', pipeline('return item;', `async teardown() { ${code}; },`));
    const running = project.start(['run', 'fails.ts', '--end-timeout', '300ms']);
    expect((await running.ended).code).toBe(0);
    expect(running.log.filter(({ event }) => event === 'child.endGivenUp')).toMatchObject([{ level: 'warn' }]);
    expect(running.log.filter(({ event }) => event === 'run.finished')).toMatchObject([{ done: 20 }]);
    project.expectEachOnce(20);
  });
});

describe('a pipeline that cannot run', () => {
  it.each([
    ['nothing', '', /default/],
    ['bad syntax', 'export default {', /fails\.ts:1/],
    ['a missing module', `import 'no-such-package';`, /no-such-package/],
    ['an unknown limit', pipeline(`return context.fetch('http://127.0.0.1:9', { limit: 'vendro' });`, ''), /vendro/],
    ['a wrong option', pipeline('return item;', `options: { consumers: 'many' },`), /consumers/],
    ['a process that ends the process', `process.exit(5);`, /exit code 5/],
  ])('is refused with 78, and no run is started: %s', async (_, text, message) => {
    project.write('fails.ts', text);
    const { code, stderr } = await project.run(['run', 'fails.ts']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(78);
    expect(project.read('.millrace/fails/queue.db')).toBe('');
  });

  it('has a state directory that another supervisor holds: the message names its pid', async () => {
    project.write('fails.ts', pipeline('return new Promise((go) => setTimeout(() => go(item), 60_000));', ''));
    const first = project.start(['run', 'fails.ts']);
    await first.logged('run.started');
    const second = await project.run(['run', 'fails.ts']);
    expect(second.code).toBe(78);
    expect(second.stderr).toContain(String(first.pid));
  });

  it('has a queue that is not a database: the file is not changed', async () => {
    project.write('fails.ts', pipeline('return item;'));
    mkdirSync(project.path('state'));
    writeFileSync(project.path('state/queue.db'), 'this is not a database, but somebody may want it');
    const { code, stderr } = await project.run(['run', 'fails.ts', '--state', 'state']);
    expect(code).toBe(74);
    expect(stderr).toContain('queue.db');
    expect(project.read('state/queue.db')).toBe('this is not a database, but somebody may want it');
  });
});

describe('a pipeline that changed while its run was open', () => {
  const endless = (tag: string, checkpoint = '') => `
    // ${tag}
    import { definePipeline, to } from 'millrace';
    export default definePipeline({
      name: 'fails',
      async *source(context) {
        for (let id = Number(context.cursor ?? 0) + 1; ; id++) {
          yield { id };
          ${checkpoint}
          await new Promise((go) => setTimeout(go, 5));
        }
      },
      sink: to.sqlite({ file: 'out.db', table: 'rows' }),
    });`;
  const interrupted = async (text: string): Promise<void> => {
    project.write('fails.ts', text);
    const running = project.start(['run', 'fails.ts', '--consumers', '1']);
    await project.statusWhere('fails', ({ items }) => items.done >= 10);
    running.kill('SIGKILL');
    await running.ended;
  };

  it('is refused if it is resumed by counting; --fresh archives the queue and deletes nothing', async () => {
    await interrupted(endless('one'));
    project.write('fails.ts', endless('two'));
    const refused = await project.run(['run', 'fails.ts']);
    expect(refused.code).toBe(78);
    expect(refused.stderr).toContain('--fresh');
    const unasked = await project.run(['run', 'fails.ts', '--fresh']);
    expect(unasked.code).toBe(64);
    expect(unasked.stderr).toContain('--yes');
    const fresh = project.start(['run', 'fails.ts', '--fresh', '--yes']);
    expect(await fresh.logged('run.started')).toMatchObject({ message: 'run started' });
    fresh.kill('SIGTERM');
    await fresh.ended;
    const kept = readdirSync(project.path('.millrace/fails')).filter((name) => name.startsWith('queue.until-'));
    expect(kept).toHaveLength(1);
  });

  it('resumes from its cursor if it has one, with a warning', async () => {
    await interrupted(endless('one', 'context.checkpoint(id);'));
    project.write('fails.ts', endless('two', 'context.checkpoint(id);'));
    const again = project.start(['run', 'fails.ts', '--consumers', '1']);
    await again.logged('warning', ({ message }) => message.includes('changed'));
    const before = ids().length;
    await project.statusWhere('fails', ({ items }) => items.done > before + 10);
    again.kill('SIGTERM');
    expect((await again.ended).code).toBe(0);
    expect(ids()).toEqual(ids().map((_, i) => i + 1));
  });
});

describe('errors of the user’s own code name their line', () => {
  const failing = (parts: string) => `import { definePipeline, to } from 'millrace';
interface Item { id: number }
const broken = (what: string): never => {
  throw new Error(\`broken \${what}\`);
};
export default definePipeline({
  name: 'fails',
  sink: to.stdout(),
  ${parts}
});`;
  const place = (): string => project.path('fails.ts:4:9');

  it.each([
    ['source', `*source() { yield { id: 1 } as Item; broken('source'); },`],
    ['setup', `source: [1, 2], setup: async () => broken('setup'), process: (item: number) => item,`],
  ])('in %s: in the log, in the last message, and with the stack on request', async (what, parts) => {
    project.write('fails.ts', failing(parts));
    const run = project.start(['run', 'fails.ts', '--debug']);
    const died = await run.logged('child.exited', ({ level }) => level === 'error');
    expect(died.message).toBe(`crashed: exited 1 (broken ${what} (at ${place()}))`);
    expect(died['stack']).toMatch(/^Error: broken .*\n {4}at broken \(/);
    const { code, stderr } = await run.ended;
    expect(code).toBe(69);
    expect(stderr).toContain(`crashed too often (last: exited 1 (broken ${what} (at ${place()})))`);
    expect(stderr).toContain(`caused by Error: broken ${what}\n    at broken (${place()})`);
  });

  it('in process: in the log and in the dead letter', async () => {
    project.write('fails.ts', failing(`source: [1], process: async () => broken('process'),`));
    const { code, stderr } = await project.run(['run', 'fails.ts', '--attempts', '1', ...fast]);
    expect(code).toBe(3);
    expect(JSON.parse(stderr.split('\n').find((line) => line.includes('item.dead')) ?? '{}')).toMatchObject({
      reason: 'failed once',
      error: 'broken process',
      at: place(),
    });
    const { stdout } = await project.run(['dead', 'ls', 'fails']);
    expect(stdout).toContain(`\n    at ${place()}\n`);
  });
});
