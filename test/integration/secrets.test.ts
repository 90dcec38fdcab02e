import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const canary = 'c4nary';

/** Everything in this pipeline fails, and its errors say too much. */
const pipeline = (more: string) => `
  import { definePipeline, PermanentError, to } from 'millrace';
  const url = 'https://me:${canary}@vendor.example/?api_key=${canary}';
  const said = 'GET ' + url + ' {"authorization":"Bearer ${canary}"} password=${canary} Cookie: a=b; session=${canary}';
  export default definePipeline({
    name: 'secrets',
    source: [{ id: 1, password: '${canary}', link: url }],
    process(item, { log }) {
      log.error(said, { token: '${canary}', headers: { authorization: '${canary}' }, url });
      throw new PermanentError(said, { cause: new Error(said) });
    },
    sink: to.stdout(),
    ${more}
  });`;

/** The secret in its errors does not look like one. */
const known = `
  import { definePipeline, PermanentError, to } from 'millrace';
  export default definePipeline({
    name: 'known',
    source: [{ id: 1, eMail: '${canary}', more: new Map([['iban', '${canary}']]) }],
    process(item, { log, key }) {
      log.error('mail to e-mail=${canary}', { iban: '${canary}' });
      // In a dry run nothing is between it and the terminal.
      if (!key.startsWith('dry-run')) console.log('e_mail: ${canary}');
      throw new PermanentError('no mailbox: ' + JSON.stringify(item), { cause: new Error('IBAN=${canary}') });
    },
    sink: to.stdout(),
    options: { redact: ['email', 'iban'] },
  });`;

describe('a secret', () => {
  it.each([
    ['process', '', 3],
    ['the source', 'source: () => { throw new Error(said); },', 69],
    ['setup', 'setup() { throw new Error(said); },', 69],
  ])('in the errors of %s never appears in output, in the log or on disk', async (_, more, expected) => {
    project.write('secrets.ts', pipeline(more));
    const run = await project.run(['run', 'secrets.ts', '--crash-limit', '0', '--log-level', 'debug']);
    expect(run.code).toBe(expected);
    const outputs = [run];
    for (const words of [
      'dead ls secrets',
      'dead ls secrets --json',
      'dead show secrets --all',
      'dead show secrets --all --json',
      'run secrets.ts --dry-run 1',
      'check secrets.ts',
    ]) {
      outputs.push(await project.run(words.split(' ')));
    }
    const texts = outputs.map(({ stdout, stderr }) => stdout + stderr);
    expect(texts.filter((text) => text.includes(canary))).toEqual([]);
    if (expected !== 3) return;
    expect(texts.join('')).toContain('[redacted]');
    const rows = project.query<{ error: string; reason: string; history: string }>(
      '.millrace/secrets/queue.db',
      'SELECT error, reason, history FROM dead',
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(canary);
    // The item itself is not changed; only its owner can read it.
    expect(readFileSync(project.path('.millrace/secrets/queue.db')).includes(canary)).toBe(true);
  });

  it('that only its pipeline knows, by `redact`, never appears in output, in the log or on disk either', async () => {
    project.write('known.ts', known);
    const run = await project.run(['run', 'known.ts', '--log-level', 'debug']);
    expect(run.code).toBe(3);
    const outputs = [run];
    for (const words of [
      'dead ls known',
      'dead ls known --json',
      'dead show known --all',
      'dead show known --all --json',
      'run known.ts --dry-run 1',
      'run known.ts',
    ]) {
      outputs.push(await project.run(words.split(' ')));
    }
    const texts = outputs.map(({ stdout, stderr }) => stdout + stderr);
    expect(texts.filter((text) => text.includes(canary))).toEqual([]);
    const rows = project.query('.millrace/known/queue.db', 'SELECT error, reason, history FROM dead');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(canary);
    // Another source of the option is reported, and overrides the pipeline's.
    const check = await project.run(['check', 'known.ts', '--redact', 'a, b']);
    expect(check.stdout).toMatch(/option +redact a, b \(--redact\)/);
  });
});
