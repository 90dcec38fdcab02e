import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

const canary = 'c4n/ry w+rd of 24 letters';
const base64 = Buffer.from(`me:${canary}`).toString('base64');

/** Everything in it says the secret's value, in all the ways in which values turn up. */
const pipeline = `
  import { definePipeline, PermanentError, secret, text, to } from 'millrace';
  import { createServer } from 'node:http';
  const token = secret('VENDOR_TOKEN');
  export default definePipeline({
    name: 'named',
    source: [{ id: 1 }, { id: 2 }],
    async setup({ log }) {
      const server = createServer((request, response) => response.end(String(request.headers.authorization === 'Bearer ' + token.value())));
      await new Promise((resolve) => server.listen(0, resolve));
      log.info('token is ' + token.value(), { said: encodeURIComponent(token.value()) });
      // A dry run has no supervisor between the pipeline and the terminal.
      if (process.env.DRY) return server;
      console.error('stderr: ' + token.value());
      console.log('stdout: ' + Buffer.from('me:' + token.value()).toString('base64'));
      return server;
    },
    async process({ id }, { fetch, resources, attempt }) {
      const answer = await fetch('http://127.0.0.1:' + resources.address().port, { headers: { authorization: text\`Bearer \${token}\` } });
      if (id === 2) throw new PermanentError('401 for ' + token.value() + ' and ' + encodeURIComponent(token.value()));
      return { id, wasSent: await answer.text() };
    },
    teardown: (server) => void server.close(),
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
  });`;

let project: Project;
beforeEach(() => {
  project = new Project();
  project.write('named.ts', pipeline);
});
afterEach(() => project.clean());

const spool = (): string =>
  readdirSync(project.path('.millrace/named'))
    .filter((name) => name.startsWith('queue.db'))
    .map((name) => readFileSync(project.path(`.millrace/named/${name}`), 'latin1'))
    .join('');

describe('a named secret', () => {
  it.each([
    ['a variable', () => ({ VENDOR_TOKEN: canary })],
    ['the file that a variable names', () => ({ VENDOR_TOKEN_FILE: project.write('token', `${canary}\n`) })],
    ['a credentials directory', () => ({ CREDENTIALS_DIRECTORY: credentials() })],
  ])('from %s reaches a header, and never appears in the log, in output or on disk', async (_, environment) => {
    const env = environment();
    const run = await project.run(['run', 'named.ts', '--log-level', 'debug'], env);
    expect(run).toMatchObject({ code: 3 });
    expect(project.query('out.db', 'SELECT id, wasSent FROM rows')).toEqual([{ id: 1, wasSent: 'true' }]);
    const texts = [run.stdout + run.stderr, spool()];
    for (const words of [
      'dead show named --all --json',
      'dead ls named',
      'run named.ts --dry-run 2',
      'check named.ts',
    ]) {
      const { stdout, stderr } = await project.run(words.split(' '), { ...env, DRY: '1' });
      texts.push(stdout + stderr);
    }
    for (const form of [canary, encodeURIComponent(canary), base64]) {
      expect(texts.filter((text) => text.includes(form))).toEqual([]);
    }
    expect(run.stderr).toContain('token is [redacted]');
    expect(run.stderr).toContain('stderr: [redacted]');
  });

  it('without a value is refused at the start, before anything is opened, and check says so without failing', async () => {
    const run = await project.run(['run', 'named.ts'], { VENDOR_TOKEN: '' });
    expect(run).toMatchObject({ code: 78 });
    expect(run.stderr).toContain('secret VENDOR_TOKEN has no value: the variable VENDOR_TOKEN is empty');
    const check = await project.run(['check', 'named.ts']);
    expect(check).toMatchObject({ code: 0 });
    expect(check.stdout).toMatch(/secret +VENDOR_TOKEN: not here: the variable VENDOR_TOKEN is not set/);
  });

  it('that becomes text at the top level of the file is refused, with the place and what to write instead', async () => {
    project.write(
      'named.ts',
      pipeline.replace(
        "const token = secret('VENDOR_TOKEN');",
        "const token = secret('VENDOR_TOKEN');\nconst header = `Bearer ${token}`;",
      ),
    );
    const check = await project.run(['check', 'named.ts']);
    expect(check).toMatchObject({ code: 78 });
    expect(check.stderr).toMatch(/named\.ts:5:.*use the tag text/);
  });
});

function credentials(): string {
  const directory = project.path('.');
  project.write('VENDOR_TOKEN', canary);
  return directory;
}
