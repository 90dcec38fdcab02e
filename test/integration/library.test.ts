/** Programs that call `run()`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
  mkdirSync(project.path('node_modules'));
  symlinkSync(resolve('.'), project.path('node_modules/millrace'));
  project.write(
    'numbers.mjs',
    `import { definePipeline, PermanentError, to } from 'millrace';
     export default definePipeline({
       name: 'numbers',
       source: Array.from({ length: 200 }, (_, id) => ({ id })),
       async process({ id }, { attempt }) {
         if (id % 50 === 7 && attempt === 1) throw new Error('the first attempt fails');
         if (id === 13) throw new PermanentError('never');
         if (id === 20) return undefined;
         return id === 30 ? [{ id }, { id }] : { id };
       },
       sink: to.results(),
     });`,
  );
  project.write(
    'endless.mjs',
    `import { definePipeline, to } from 'millrace';
     export default definePipeline({
       name: 'endless',
       version: '1',
       source: function* () { for (let id = 0; ; id++) yield { id }; },
       process: (item) => item,
       sink: to.sqlite({ file: 'endless.db', table: 'items', key: 'id' }),
     });`,
  );
});
afterEach(() => project.clean());

/** Runs a program; resolves to what it has told with `tell`, and fails if it ends with anything but 0. */
function program(text: string): unknown {
  project.write(
    'program.mjs',
    `import { run } from 'millrace';
     const told = {};
     const tell = (what) => Object.assign(told, what);
     const file = (name) => new URL(name, import.meta.url);
     process.on('exit', () => console.log(JSON.stringify(told)));
     const until = async (holds) => { while (!(await holds())) await new Promise((resolve) => setImmediate(resolve)); };
     ${text}`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, ['program.mjs'], {
    cwd: project.directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    // A program that hangs must not hang the tests.
    timeout: 60_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, MILLRACE_CONSUMERS: '2', MILLRACE_RETRY_BASE: '10ms' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** The numbers that reach the sink, in order. */
const numbers = Array.from({ length: 200 }, (_, id) => id)
  .filter((id) => id !== 13 && id !== 20)
  .flatMap((id) => (id === 30 ? [30, 30] : [id]));

describe('a program', () => {
  it('runs two services, aborts one, reads the other’s results, and is itself unchanged afterwards', () => {
    const told = program(`
      import { createRequire, syncBuiltinESMExports } from 'node:module';
      import v8 from 'node:v8';
      tell({ flags: [] });
      v8.setFlagsFromString = (flag) => told.flags.push(flag);
      syncBuiltinESMExports();
      const listeners = () => Object.fromEntries(
        [process, process.stdout, process.stderr].flatMap((emitter, i) =>
          emitter.eventNames().map((event) => [i + String(event), emitter.listenerCount(event)])),
      );
      const seen = () => JSON.stringify([listeners(), process.title, process.exitCode, process.umask(), process.cwd()]);
      const resources = () => process.getActiveResourcesInfo().sort().join();
      const before = seen();
      // Node closes what it has read this program with.
      await until(() => !resources().includes('CloseReq'));
      const resourcesBefore = resources();
      const abort = new AbortController();
      const endless = run(file('endless.mjs'), { state: 'state/endless', signal: abort.signal });
      const reader = run(file('numbers.mjs'), { state: 'state/numbers', ordered: true });
      const ids = [];
      for await (const { id } of reader.results) ids.push(id);
      await until(() => endless.status?.items.done > 0);
      abort.abort();
      const [stopped, finished] = await Promise.all([endless.done, reader.done]);
      await until(() => resources() === resourcesBefore);
      tell({ ids, stopped: stopped.state, finished, isSame: seen() === before, names: [endless.status.name, reader.status.name] });
    `);
    expect(told).toMatchObject({
      flags: [],
      ids: numbers,
      stopped: 'stopped',
      finished: { state: 'finished', stored: 200, done: 199, dead: 1, exitCode: 3 },
      isSame: true,
      names: ['endless', 'numbers'],
    });
  });

  it('cannot run a second service on a state directory, and the first one continues', () => {
    const told = program(`
      import { spawnSync } from 'node:child_process';
      const first = run(file('endless.mjs'), { state: 'state' });
      await until(() => first.status?.items.done > 0);
      const refused = await run(file('endless.mjs'), { state: 'state' }).done.catch((error) => error);
      const { status } = spawnSync(process.execPath, [${JSON.stringify(resolve('dist/cli.js'))}, 'run', 'endless.mjs', '--state', 'state']);
      const done = first.status.items.done;
      await until(() => first.status.items.done > done);
      await first.stop();
      tell({ code: refused.code, exitCode: refused.exitCode, message: refused.message, command: status, state: (await first.done).state });
    `);
    expect(told).toMatchObject({ code: 'IN_USE', exitCode: 78, command: 78, state: 'stopped' });
    expect((told as { message: string }).message).toContain('this program already runs a service on');
  });

  it('can stop a service before it is ready, again, and once more after its end', () => {
    const told = program(`
      const service = run(file('endless.mjs'), { state: 'state' });
      await Promise.all([service.stop(), service.stop()]);
      await service.stop();
      tell(await service.done);
    `);
    expect(told).toMatchObject({ state: 'stopped', exitCode: 0 });
  });

  it('that aborts before the start gets a service that was stopped before it had a queue', () => {
    const told = program(`
      import { existsSync } from 'node:fs';
      const service = run(file('endless.mjs'), { state: 'state', signal: AbortSignal.abort() });
      tell({ ...(await service.done), hasState: existsSync('state') });
      for await (const row of service.results) tell({ row });
    `);
    expect(told).toEqual({ state: 'stopped', stored: 0, done: 0, dead: 0, exitCode: 0, hasState: false });
  });

  it('gets the problems of the pipeline file as an error, from done and from results', () => {
    project.write(
      'wrong.mjs',
      `import { definePipeline } from 'millrace'; export default definePipeline({ name: 'Wrong' });`,
    );
    const told = program(`
      const service = run(file('wrong.mjs'), { state: 'state' });
      const of = ({ code, exitCode, message }) => ({ code, exitCode, message });
      tell({ done: of(await service.done.catch((error) => error)) });
      try { for await (const row of service.results) tell({ row }); } catch (error) { tell({ results: of(error) }); }
    `) as { done: { message: string } };
    expect(told.done).toMatchObject({ code: 'PIPELINE', exitCode: 78 });
    expect(told.done.message).toContain('wrong.mjs');
    expect(told).toMatchObject({ results: told.done });
  });

  it('gets an error that names all wrong options', () => {
    const told = program(`
      await run(file('endless.mjs'), { consumer: 2, attempts: 0, progress: 'on' }).done.catch(({ message }) => tell({ message }));
    `) as { message: string };
    expect(told.message.split('\n')).toEqual([
      expect.stringMatching(/^run\(\): consumer: .*consumers/),
      expect.stringMatching(/^run\(\): progress: /),
      expect.stringMatching(/^run\(\): attempts: /),
    ]);
  });

  it('that does not await a service lets it finish, and survives its failure', () => {
    project.write(
      'few.mjs',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'few',
         source: [{ id: 1 }, { id: 2 }],
         sink: to.sqlite({ file: 'few.db', table: 'items', key: 'id' }),
       });`,
    );
    program(`
      run(file('nowhere.mjs'), { state: 'state/nowhere' });
      run(file('few.mjs'), { state: 'state/few' });
    `);
    const db = new Database(project.path('few.db'), { readonly: true });
    expect(db.prepare('SELECT id FROM items ORDER BY id').pluck().all()).toEqual([1, 2]);
    db.close();
  });

  it('whose consumers are killed loses no result', () => {
    const told = program(`
      const service = run(file('numbers.mjs'), { state: 'state', ordered: true });
      const ids = [];
      for await (const { id } of service.results) {
        ids.push(id);
        if (id === 50 || id === 120) {
          const { who } = service.status.processes.find((each) => each.who.role === 'consumer' && each.who.pid);
          process.kill(who.pid, 'SIGKILL');
        }
      }
      tell({ ids, ...(await service.done) });
    `);
    expect(told).toMatchObject({ ids: numbers, done: 199, dead: 1 });
  });

  it('pauses a service, which says why, and resumes it', () => {
    const told = program(`
      const service = run(file('endless.mjs'), { state: 'state' });
      service.pause('the night');
      await until(() => service.status?.state === 'paused');
      const { done } = service.status.items;
      const { pausedBy } = service.status;
      service.resume();
      await until(() => service.status.items.done > done);
      service.pause('the day');
      await until(() => service.status.state === 'paused' && service.status.queue.lent === 0);
      tell({ done, pausedBy, reasons: service.status.reasons });
      await service.stop();
    `);
    expect(told).toMatchObject({
      done: 0,
      pausedBy: 'the night',
      reasons: expect.arrayContaining(['paused: the day']),
    });
  });

  it('reloads a service, and gets an error if the file cannot be used', () => {
    const told = program(`
      import { readFileSync, writeFileSync } from 'node:fs';
      const service = run(file('endless.mjs'), { state: 'state' });
      await until(() => service.status?.processes.filter(({ state }) => state === 'ready').length === 3);
      const text = readFileSync('endless.mjs', 'utf8');
      writeFileSync('endless.mjs', text.replace('(item) => item', '({ id }) => ({ id })'));
      tell(await service.reload());
      writeFileSync('endless.mjs', text.replace("name: 'endless'", "name: 'other'"));
      await service.reload().catch(({ message }) => tell({ message }));
      await service.stop();
      await service.reload().catch(({ message }) => tell({ after: message }));
    `);
    expect(told).toMatchObject({
      replaced: 2,
      message: expect.stringContaining('not reloaded: '),
      after: 'not reloaded: the service does not run',
    });
  });

  it('gets the log line by line, without secrets, and survives if its log function throws', () => {
    project.write(
      'telling.mjs',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'telling',
         options: { redact: ['iban'] },
         source: [{ id: 1 }],
         process(item, { log }) { log.info('iban: DE89', { password: 'hunter2' }); return item; },
         sink: to.discard(),
       });`,
    );
    const told = program(`
      const lines = [];
      const log = (line) => { lines.push(line); throw new Error('the log is full'); };
      await run(file('telling.mjs'), { state: 'state', log }).done;
      tell({ lines });
    `) as { lines: { event: string; message: string; fields: object; role: string }[] };
    expect(told.lines.map(({ event }) => event)).toContain('run.finished');
    const line = told.lines.find(({ event }) => event === 'child.log');
    expect(line).toMatchObject({ role: 'consumer', message: 'iban: [redacted]', fields: { password: '[redacted]' } });
  });
});

describe('service.results', () => {
  it('begin again with the item at which the last loop stopped', () => {
    const told = program(`
      const service = run(file('numbers.mjs'), { state: 'state', ordered: true });
      const ids = [];
      for await (const { id } of service.results) { ids.push(id); if (id === 100) break; }
      const { done } = service.status.items;
      for await (const { id } of service.results) ids.push(id);
      tell({ done, ids, summary: await service.done });
    `);
    const at = numbers.indexOf(100);
    expect(told).toMatchObject({
      // 13 is dead, and 20 has no result.
      done: 99,
      ids: [...numbers.slice(0, at + 1), ...numbers.slice(at)],
      summary: { state: 'finished', done: 199 },
    });
  });

  it('that the program had not finished reading come again at the next start', () => {
    const told = program(`
      const first = run(file('numbers.mjs'), { state: 'state', ordered: true });
      const ids = [];
      for await (const { id } of first.results) { ids.push(id); if (id === 100) break; }
      await first.stop();
      const second = run(file('numbers.mjs'), { state: 'state', ordered: true });
      for await (const { id } of second.results) ids.push(id);
      tell({ ids, summary: await second.done });
    `);
    const at = numbers.indexOf(100);
    expect(told).toMatchObject({
      ids: [...numbers.slice(0, at + 1), ...numbers.slice(at)],
      summary: { state: 'finished', done: 199 },
    });
  });

  it('that the program does not read make the service wait, in bounded memory, and say so', () => {
    project.write(
      'large.mjs',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'large',
         source: function* () { for (let id = 0; id < 400; id++) yield { id }; },
         process: ({ id }) => ({ id, text: 'x'.repeat(20_000) }),
         sink: to.results(),
       });`,
    );
    const told = program(`
      const service = run(file('large.mjs'), { state: 'state', consumerCredit: '1MiB' });
      await until(() => service.status?.queue.unread > 50 && service.status.queue.lent === 0);
      tell({ unread: service.status.queue.unread, queued: service.status.queue.queued, reasons: service.status.reasons });
      let rows = 0;
      for await (const row of service.results) rows++;
      tell({ rows });
    `) as { unread: number; queued: number };
    expect(told).toMatchObject({
      rows: 400,
      reasons: expect.arrayContaining([`the results of ${told.unread} items wait for the program to read them`]),
    });
    expect(told.unread + told.queued).toBe(400);
    expect(told.queued).toBeGreaterThan(0);
  });

  it('in the order of the items do not wait forever for an item that fails when everything else is done', () => {
    project.write(
      'late.mjs',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'late',
         source: Array.from({ length: 300 }, (_, id) => ({ id })),
         process({ id }, { attempt }) {
           if (id === 0 && attempt < 3) throw new Error('not yet');
           return { id, text: 'x'.repeat(20_000) };
         },
         sink: to.results(),
       });`,
    );
    const told = program(`
      const service = run(file('late.mjs'), { state: 'state', ordered: true, consumerCredit: '1MiB', retryBase: '300ms', retryCap: '600ms' });
      const ids = [];
      for await (const { id } of service.results) ids.push(id);
      tell({ ids });
    `);
    expect(told).toEqual({ ids: Array.from({ length: 300 }, (_, id) => id) });
  });

  it('are refused for a pipeline with another sink', () => {
    const told = program(`
      const service = run(file('endless.mjs'), { state: 'state' });
      try { for await (const row of service.results) tell({ row }); } catch ({ message }) { tell({ message }); }
      await service.stop();
    `);
    expect(told).toEqual({ message: expect.stringContaining('whose sink is to.results(), and this sink is sqlite') });
  });

  it('are refused on the command line, which does not read them', async () => {
    const { code, stderr } = await project.run(['run', 'numbers.mjs']);
    expect(stderr).toContain('the command line reads none');
    expect(code).toBe(78);
  });
});

describe('a pipeline file', () => {
  it('that calls run() is refused, instead of starting processes endlessly', async () => {
    project.write(
      'own.mjs',
      `import { definePipeline, run, to } from 'millrace';
       run(new URL(import.meta.url));
       export default definePipeline({ name: 'own', source: [1], sink: to.discard() });`,
    );
    for (const command of ['run', 'check']) {
      const { code, stderr } = await project.run([command, 'own.mjs']);
      expect(stderr).toContain('own.mjs:2');
      expect(stderr).toContain('run() cannot be called by a pipeline file');
      expect(code).toBe(78);
    }
  });
});

describe('a program whose output nobody reads, and which ignores that', () => {
  it('sees its service with to.stdout() stop; results that were not written stay in the queue', () => {
    project.write(
      'prints.mjs',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({ name: 'prints', source: [1, 2, 3], sink: to.stdout() });`,
    );
    project.write(
      'program.mjs',
      `import { run } from 'millrace';
       import { writeFileSync } from 'node:fs';
       process.stdout.on('error', () => undefined);
       const { state, done, exitCode } = await run(new URL('prints.mjs', import.meta.url)).done;
       writeFileSync('summary.json', JSON.stringify({ state, done, exitCode }));`,
    );
    // `:` has ended before the program writes anything.
    const { status } = spawnSync('bash', ['-c', `set -o pipefail; "${process.execPath}" program.mjs | :`], {
      cwd: project.directory,
      timeout: 60_000,
      killSignal: 'SIGKILL',
      env: { ...process.env, MILLRACE_CONSUMERS: '2' },
    });
    expect(status).toBe(0);
    expect(JSON.parse(project.read('summary.json'))).toEqual({ state: 'stopped', done: 0, exitCode: 75 });
  });
});
