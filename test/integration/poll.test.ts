import { appendFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../src/observability/status.ts';
import { Project, type Running } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const lines = (first: number, last: number): string =>
  Array.from({ length: last - first + 1 }, (_, i) => `${first + i}\n`).join('');
const publish = (first: number, last: number): void => appendFileSync(project.path('feed.txt'), lines(first, last));

/** Polls a file of numbers, and notes the cursor of each poll. Into a table that shows every double write. */
const pipeline = ({ read = page, every = '50ms', process = '' } = {}): string => `
  import { appendFileSync, existsSync, readFileSync } from 'node:fs';
  import { definePipeline, from, type SourceContext, to } from 'millrace';
  const after = (cursor: number): { id: number }[] =>
    readFileSync('feed.txt', 'utf8').split('\\n').slice(cursor, -1).map((line) => ({ id: Number(line) }));
  const note = (what: unknown): void => appendFileSync('polls.txt', \`\${what}\\n\`);
  export default definePipeline({
    name: 'polled',
    source: from.poll({ every: '${every}', ${read} }),
    ${process}
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
    options: { queueHighItems: 3000, producerWindow: '64KiB', frameBytes: '16KiB' },
  });`;

const page = `async read({ cursor = 0 }: SourceContext<number>) {
  note(cursor);
  const items = after(cursor);
  return { items, cursor: cursor + items.length };
}`;
const generator = `async *read({ cursor = 0, checkpoint }: SourceContext<number>) {
  note(cursor);
  let read = cursor;
  for (const item of after(cursor)) {
    yield item;
    read += 1;
    if (read % 7 === 0) checkpoint(read);
  }
  checkpoint(read);
}`;

const polls = (): string[] => project.read('polls.txt').trim().split('\n');
const newPolls = async (than: number): Promise<true> =>
  await project.until(() => (polls().length > than ? true : undefined));
const producerOf = ({ processes }: Status): number | undefined =>
  processes.find(({ who, state }) => who.role === 'producer' && state === 'ready')?.who.pid;
const untilDone = async (items: number): Promise<Status> =>
  await project.statusWhere('polled', (status) => status.items.done === items && producerOf(status) !== undefined);

async function killProducer(running: Running, status: Status): Promise<void> {
  const pid = producerOf(status)!;
  process.kill(pid, 'SIGKILL');
  await running.logged('child.exited', (entry) => entry.pid === pid);
}

async function killSupervisor(running: Running): Promise<void> {
  running.kill('SIGKILL');
  await running.ended;
  await project.quiet();
}

async function stopped(running: Running): Promise<void> {
  const logged = running.log.length;
  running.kill('SIGTERM');
  const { code } = await running.ended;
  expect(code).toBe(0);
  expect(running.log.slice(logged).filter(({ level }) => level !== 'info')).toEqual([]);
}

describe('a polled feed into SQLite', () => {
  it.each([
    ['pages', page],
    ['a generator', generator],
  ])(
    'has each item once, and continues at its cursor, after its producer and its supervisor were killed between two polls: %s',
    async (_, read) => {
      project.write('polled.ts', pipeline({ read }));
      publish(1, 10);
      let running = project.start(['run', 'polled.ts']);
      const status = await untilDone(10);
      const started = polls().length;
      await killProducer(running, status);
      publish(11, 20);
      await untilDone(20);
      await newPolls(polls().length + 1);
      await killSupervisor(running);
      publish(21, 30);
      const before = polls().length;
      running = project.start(['run', 'polled.ts']);
      await untilDone(30);
      expect(polls()[before]).toBe('20');
      await killProducer(running, await untilDone(30));
      await newPolls(polls().length);
      await stopped(running);
      project.expectEachOnce(30);
      expect(polls().slice(started)).not.toContain('0');
      expect(polls().at(-1)).toBe('30');
    },
  );

  it.each([
    ['pages', page],
    ['a generator', generator],
  ])('has each item once if processes are killed in the middle of a poll: %s', async (_, read) => {
    const slow = `async process(item: { id: number }) {
      while (item.id > 2000 && !existsSync('go')) await new Promise((go) => setTimeout(go, 20));
      return item;
    },`;
    project.write('polled.ts', pipeline({ read, process: slow }));
    publish(1, 20_000);
    let running = project.start(['run', 'polled.ts']);
    const half = async (): Promise<Status> =>
      await project.statusWhere('polled', (status) => status.items.stored >= 3000 && producerOf(status) !== undefined);
    expect((await half()).items.stored).toBeLessThan(20_000);
    await killProducer(running, await half());
    await half();
    await killSupervisor(running);
    project.write('go', '');
    running = project.start(['run', 'polled.ts']);
    await untilDone(20_000);
    await stopped(running);
    project.expectEachOnce(20_000);
  });

  it('stops at once and with exit code 0 while it waits for a poll that is due in a day', async () => {
    project.write('polled.ts', pipeline({ every: '1d' }));
    publish(1, 3);
    const running = project.start(['run', 'polled.ts']);
    await untilDone(3);
    await stopped(running);
    expect(polls()).toEqual(['0']);
    project.expectEachOnce(3);
  });

  it('stops with exit code 0 in the middle of a poll, whose signal aborts', async () => {
    const read = `async *read({ signal }: SourceContext) {
      yield { id: 1 };
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      note('aborted');
    }`;
    project.write('polled.ts', pipeline({ read }));
    const running = project.start(['run', 'polled.ts']);
    await untilDone(1);
    await stopped(running);
    expect(polls()).toEqual(['aborted']);
  });

  it('continues at its cursor after an error of `read`, which is reported with its line', async () => {
    const read = `async read({ cursor = 0 }: SourceContext<number>) {
      note(cursor);
      if (cursor === 3 && !existsSync('mended')) throw new Error('the feed is down');
      return { items: after(cursor), cursor: after(0).length };
    }`;
    const text = pipeline({ read });
    const path = project.write('polled.ts', text);
    const line = text.split('\n').findIndex((each) => each.includes('the feed is down')) + 1;
    publish(1, 3);
    const running = project.start(['run', 'polled.ts']);
    const died = await running.logged('child.exited', ({ level }) => level === 'error');
    expect(died.message).toContain('the feed is down');
    expect(died.message).toContain(`(at ${path}:${line}:`);
    publish(4, 5);
    project.write('mended', '');
    await untilDone(5);
    await newPolls(polls().length);
    await stopped(running);
    project.expectEachOnce(5);
    expect(polls()[0]).toBe('0');
    expect(polls().slice(1)).not.toContain('0');
  });

  it('is described by check, and can be tried in a dry run', async () => {
    project.write('polled.ts', pipeline({}));
    publish(1, 3);
    const { code, stdout } = await project.run(['check', 'polled.ts']);
    expect(code).toBe(0);
    expect(stdout).toContain('after a restart it resumes at its last checkpoint');
    expect(stdout).toContain('it never ends by itself, so the run ends only when you stop it');
    const dry = await project.run(['run', 'polled.ts', '--dry-run', '2']);
    expect([dry.code, dry.stdout]).toEqual([0, '{"id":1}\n{"id":2}\n']);
  });
});

describe('from.poll with a mistake', () => {
  it.each([
    ['without `every`', `from.poll({ read: () => [] })`, 'from.poll: every: expected a duration such as'],
    [
      'with an `every` of 0',
      `from.poll({ every: 0, read: () => [] })`,
      'from.poll: every: expected at least 1ms, got 0',
    ],
    [
      'with a `read` that is no function',
      `from.poll({ every: '1s', read: [] })`,
      'from.poll: read: expected a function',
    ],
    [
      'with an unknown field',
      `from.poll({ every: '1s', read: () => [], evry: 1 })`,
      'from.poll: unknown field evry; did you mean "every"?',
    ],
    [
      'whose `read` returns nothing',
      `from.poll({ every: '1s', read: () => undefined })`,
      'from.poll: expected read to return items (an array, a generator…) or { items, cursor }, got nothing; return [] if there is nothing new',
    ],
  ])('%s ends with exit code 78', async (_, source, message) => {
    project.write(
      'polled.mjs',
      `import { definePipeline, from, to } from 'millrace';
       export default definePipeline({ name: 'polled', source: ${source}, sink: to.stdout() });`,
    );
    const { code, stderr } = await project.run(['run', 'polled.mjs']);
    expect(code).toBe(78);
    expect(stderr).toContain(message);
  });
});
