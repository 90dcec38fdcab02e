import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { withoutPlaces } from '../../support/without-places.ts';
import { TestShell } from './a-shell.ts';

let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'here-'));
});

afterAll(async () => {
  await rm(cwd, { recursive: true });
});

let files = 0;

/** Writes this text to a new pipeline file and runs a command on it. */
async function millrace(text: string, command: string, ...flags: string[]) {
  return await millraceIn({}, text, command, ...flags);
}

async function millraceIn(environment: Record<string, string>, text: string, command: string, ...flags: string[]) {
  const file = `p${++files}.ts`;
  await writeFile(join(cwd, file), `import { definePipeline, PermanentError, to } from 'millrace';\n${text}`);
  const shell = new TestShell(cwd);
  shell.environment = environment;
  const code = await main([command, file, ...flags], shell);
  const lines = (output: string): string[] => output.replaceAll(file, 'p.ts').split('\n').slice(0, -1);
  expect(shell.exitedWith).toBe(code);
  return { code, stdout: lines(shell.stdout), stderr: lines(shell.stderr) };
}

/** A processor that doubles numbers, and logs when it opens and closes. */
const doubling = `
import { defineProcessor } from 'millrace/port';
const doubling = defineProcessor({
  kind: 'doubling',
  target: 'x 2',
  open({ slot, log }) {
    log.info('open', { slot });
    const open = {
      isBroken: false,
      run(item) {
        if (item === 2) { open.isBroken = true; throw new Error('broken'); }
        return item * 2;
      },
      close: () => log.info('close', { slot }),
    };
    return open;
  },
});
`;

const good = `export default definePipeline({
  name: 'pokedex',
  limits: { vendor: { concurrency: 2, rate: '100/s' } },
  source: [1, 2, 3],
  sink: to.discard(),
  options: { itemTimeout: '90s' },
});`;

describe('millrace check', () => {
  it('shows what a run would be, and where options come from', async () => {
    expect(await millrace(good, 'check', '--consumers', '3', '--queue-high-bytes', '1GiB')).toEqual({
      code: 0,
      stdout: [
        'pokedex  p.ts',
        'slots    48 (3 consumers × 16)',
        'source   after a restart it starts from the beginning and skips stored items by count, so it must yield the same items in the same order',
        'source   3 items',
        'limit    vendor: 2 at a time, 100/s',
        'sink     discard nowhere: at least once',
        'state    .millrace/pokedex',
        'option   consumers 3 (--consumers)',
        'option   itemTimeout 90s (p.ts:7)',
        'option   queueHighBytes 1GiB (--queue-high-bytes)',
      ],
      stderr: [],
    });
  });

  it('describes a processor', async () => {
    const { stdout } = await millrace(doubling + good.replace('sink:', 'process: doubling,\n  sink:'), 'check');
    expect(stdout).toContain('process  doubling x 2: one for each slot');
  });

  it('reports every problem of a pipeline, with its line', async () => {
    const { code, stderr } = await millrace(
      good.replace("'pokedex'", "'Poke dex'").replace("'100/s'", "'fast'"),
      'check',
    );
    expect(code).toBe(78);
    expect(stderr).toEqual([
      expect.stringMatching(/^millrace: p\.ts:3: name: expected/),
      expect.stringMatching(/^millrace: p\.ts:4: limits\.vendor\.rate: expected/),
    ]);
  });

  it('reports all problems at once: fields, limits, sink, options, config file, environment and flags', async () => {
    await writeFile(join(cwd, 'wrong.yaml'), 'concurency: 4\nretryCap: 1s\nretryBase: 2s\n');
    const text = good
      .replace("'pokedex'", "'Poke dex'")
      .replace("'100/s'", "'fast'")
      .replace("itemTimeout: '90s'", "itemTimeout: '90'")
      .replace(/sink: .*/, "sink: to.sqlite({ file: '', table: 'millrace_x', colums: {} }),");
    const { code, stderr } = await millraceIn(
      { MILLRACE_ATTEMPTS: '0' },
      text,
      'check',
      '--consumers',
      'x',
      '--config',
      'wrong.yaml',
    );
    expect(code).toBe(64);
    expect(stderr).toEqual([
      expect.stringMatching(/^millrace: p\.ts:3: name: expected/),
      expect.stringMatching(/^millrace: p\.ts:4: limits\.vendor\.rate: expected/),
      expect.stringMatching(/^millrace: p\.ts:6:\d+: to\.sqlite\(\): unknown option colums/),
      expect.stringMatching(/^millrace: p\.ts:6:\d+: to\.sqlite\(\): file: expected/),
      expect.stringMatching(/^millrace: p\.ts:6:\d+: to\.sqlite\(\): table: names beginning with millrace_/),
      expect.stringMatching(
        /^millrace: .*wrong\.yaml:1: concurency: there is no such option; did you mean concurrency/,
      ),
      expect.stringMatching(/^millrace: --consumers: expected a whole number/),
      expect.stringMatching(/^millrace: MILLRACE_ATTEMPTS: expected/),
      expect.stringMatching(/^millrace: p\.ts:7: options\.itemTimeout: expected a duration/),
      expect.stringMatching(/^millrace: retryBase must be at most retryCap, got 2s .* and 1s/),
    ]);
  });

  it('reports an impossible state directory with the other problems', async () => {
    const { code, stderr } = await millrace(good, 'check', '--consumers', 'x', '--state', `/${'x'.repeat(500)}`);
    expect(code).toBe(64);
    expect(stderr).toEqual([
      expect.stringMatching(/^millrace: --consumers: expected a whole number/),
      expect.stringMatching(/^millrace: the path of a state directory may have at most 450 bytes/),
    ]);
  });

  it('reports problems of the configuration even if the file cannot be imported', async () => {
    const { code, stderr } = await millrace('throw new Error("no key");', 'check', '--consumers', 'x');
    expect(code).toBe(64);
    expect(stderr).toEqual([
      expect.stringMatching(/^millrace: p\.ts:2.*no key/),
      expect.stringMatching(/^millrace: --consumers: expected a whole number/),
    ]);
  });

  it.each([
    [
      'function* ({ cursor = 0, checkpoint }) { yield cursor; checkpoint(1); },',
      ['source   after a restart it resumes at its last checkpoint, and stored items after it are skipped by count'],
    ],
    [
      'function* ({ cursor = 0, checkpoint }) { for (;;) { yield cursor; checkpoint(1); } }, deterministic: false,',
      [
        'source   after a restart it resumes at its last checkpoint, and stored items after it come twice (deterministic: false)',
        'source   it never ends by itself, so the run ends only when you stop it',
      ],
    ],
    [
      'new Set([1, 2]), deterministic: false,',
      [
        'source   after a restart it starts from the beginning, and stored items come twice (deterministic: false)',
        'source   2 items',
      ],
    ],
    [
      '(context) => Object.keys(context),',
      [
        'source   after a restart with checkpoints it resumes at its last checkpoint, and stored items after it are skipped by count; without, it starts from the beginning and skips stored items by count, so it must yield the same items in the same order',
      ],
    ],
  ])('shows the properties of the source %s', async (source, told) => {
    const { stdout } = await millrace(good.replace('[1, 2, 3],', source), 'check', '--consumers', '1');
    expect(stdout.filter((line) => line.startsWith('source'))).toEqual(told);
  });

  it('reports problems of the configuration', async () => {
    const { code, stderr } = await millrace(good.replace('90s', '90'), 'check', '--consumers', 'x');
    expect(code).toBe(64);
    expect(stderr).toEqual([
      expect.stringMatching(/^millrace: --consumers: expected a whole number/),
      expect.stringMatching(/^millrace: p\.ts:7: options\.itemTimeout: expected a duration/),
    ]);
  });

  it('warns of unknown variables, and reads the config file that a variable names', async () => {
    await writeFile(join(cwd, 'millrace.yaml'), 'concurrency: 4\n');
    const environment = { MILLRACE_CONFIG: 'millrace.yaml', MILLRACE_DEBUG: '1', MILLRACE_CONSUMRES: '3' };
    const { stdout, stderr } = await millraceIn(environment, good, 'check', '--consumers', '1');
    expect(stdout).toContain('slots    4 (1 consumer × 4)');
    expect(stderr).toEqual([expect.stringMatching(/^millrace: warning: MILLRACE_CONSUMRES: .*MILLRACE_CONSUMERS/)]);
  });

  it('does not wait forever for a file that never loads', async () => {
    const shell = new TestShell(cwd);
    const clock = new HandClock();
    shell.clock = clock;
    await writeFile(join(cwd, 'never.ts'), 'await new Promise(() => {});');
    const checked = main(['check', 'never.ts'], shell);
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.turn(30_000);
    expect(await checked).toBe(78);
    expect(shell.stderr).toContain('expected it to load within 30 s');
  });

  it('leaves no listener in the process', async () => {
    const before = process.listenerCount('exit');
    await millrace(good, 'check');
    expect(process.listenerCount('exit')).toBe(before);
  });
});

describe('millrace run --dry-run', () => {
  it('prints the results of the first items, under the limits and without the sink', async () => {
    const pipeline = `export default definePipeline({
  name: 'dry',
  limits: { vendor: { concurrency: 1 } },
  async *source({ log, run }) { log.info('reading', { run }); for (let id = 1; ; id++) yield { id }; },
  setup: ({ ordinal }) => ({ ordinal }),
  async process({ id }, { limit, key, seq, attempt, resources }) {
    if (id === 2) return undefined;
    return limit('vendor', () => [{ id: BigInt(id), key, seq, attempt, ...resources }, null]);
  },
  teardown({ ordinal }) { if (ordinal !== 1) throw new Error('no'); },
  sink: { ...to.discard(), open: () => { throw new Error('opened'); } },
});`;
    expect(await millrace(pipeline, 'run', '--dry-run', '3')).toEqual({
      code: 0,
      stdout: [
        '{"id":"1","key":"dry-run:1","seq":1,"attempt":1,"ordinal":1}',
        '{"id":"3","key":"dry-run:3","seq":3,"attempt":1,"ordinal":1}',
      ],
      stderr: ['millrace: info: reading {"run":"dry-run"}'],
    });
  });

  it('waits for the rate of a limit', async () => {
    const pipeline = `export default definePipeline({
  name: 'dry',
  limits: { vendor: { rate: '1/50ms' } },
  source: [1, 2, 3],
  process: (item, { limit }) => limit('vendor', () => item),
  sink: to.discard(),
});`;
    expect(await millrace(pipeline, 'run', '--dry-run', '3')).toEqual({ code: 0, stdout: ['1', '2', '3'], stderr: [] });
  });

  it('reports which items failed, and why', async () => {
    const pipeline = `export default definePipeline({
  name: 'dry',
  source: [{ id: 1 }, { id: 2 }],
  process({ id }) { if (id === 1) throw new PermanentError('one is bad'); return id; },
  sink: to.discard(),
});`;
    expect(await millrace(pipeline, 'run', '--dry-run', '5')).toEqual({
      code: 3,
      stdout: ['2'],
      stderr: [expect.stringMatching(/^millrace: item 1 \{"id":1\}: one is bad \(at \/.*\/p\.ts:5:40\)$/)],
    });
  });

  it('decodes the raw records of a source that has a specification', async () => {
    const pipeline = `const openDecoder = () => () => ({ bytes, ends }) =>
  Array.from(ends, (end, i) => { const text = String(bytes.subarray(ends[i - 1] ?? 0, end)); if (text === 'bad\\n') throw new Error('a bad word'); return text.trim(); });
const source = {
  [Symbol.for('millrace.source')]: true, kind: 'words', target: 'here', resumes: 'by count', settles: false, openDecoder,
  open: () => ({
    read: () => [{ items: ['an item'] }, { bytes: Buffer.from('one\\nbad\\ntwo\\n'), ends: [4, 8, 12], meta: { version: 1 } }],
  }),
};
export default definePipeline({ name: 'dry', source, sink: to.discard() });`;
    expect(await millrace(pipeline, 'run', '--dry-run', '5')).toEqual({
      code: 3,
      stdout: ['"an item"', '"one"', '"two"'],
      stderr: [expect.stringMatching(/^millrace: item 3 "bad\\n": decoding failed: a bad word \(at /)],
    });
  });

  it('prints results as they were when `process` returned', async () => {
    const pipeline = `const row = { tags: [] };
export default definePipeline({
  name: 'dry',
  source: [1, 2],
  process(id) { row.tags[0] = id; setImmediate(() => { row.tags[0] = 'later'; }); return [row, row, null]; },
  sink: to.discard(),
});`;
    expect(await millrace(pipeline, 'run', '--dry-run', '5')).toEqual({
      code: 0,
      stdout: ['{"tags":[1]}', '{"tags":[1]}', '{"tags":[2]}', '{"tags":[2]}'],
      stderr: [],
    });
  });

  it('runs items in a processor, reopens it after it breaks, and closes it', async () => {
    const pipeline = doubling + good.replace('sink:', 'process: doubling,\n  sink:');
    expect(await millrace(pipeline, 'run', '--dry-run', '5')).toEqual({
      code: 3,
      stdout: ['2', '6'],
      stderr: [
        'millrace: info: open {"slot":1}',
        'millrace: info: close {"slot":1}',
        expect.stringMatching(/^millrace: item 2 2: broken/),
        'millrace: info: open {"slot":1}',
        'millrace: info: close {"slot":1}',
      ],
    });
  });

  it('names a processor that cannot open', async () => {
    const broken = doubling.replace("log.info('open', { slot });", "throw new Error('no such program');");
    const pipeline = broken + good.replace('sink:', 'process: doubling,\n  sink:');
    expect(await millrace(pipeline, 'run', '--dry-run', '5')).toEqual({
      code: 78,
      stdout: [],
      stderr: [expect.stringContaining('process: could not open the processor doubling x 2: no such program')],
    });
  });

  it('prints items unchanged if there is no `process`', async () => {
    const pipeline = good.replace('[1, 2, 3]', 'new Set([1, new Date(0), [2, 3]])');
    expect(await millrace(pipeline, 'run', '--dry-run', '5')).toMatchObject({
      code: 0,
      stdout: ['1', '"1970-01-01T00:00:00.000Z"', '[2,3]'],
    });
  });

  it('aborts the signal of an item at itemTimeout, and gives up on an item that keeps running', async () => {
    const pipeline = `export default definePipeline({
  name: 'dry',
  source: ['listens', 'goes on', 'is quick'],
  process: (item, { signal }) => item === 'is quick' ? item : new Promise((_, reject) => {
    if (item === 'listens') signal.addEventListener('abort', () => reject(signal.reason));
  }),
  sink: to.discard(),
});`;
    await writeFile(join(cwd, 'slow.ts'), `import { definePipeline, to } from 'millrace';\n${pipeline}`);
    const shell = new TestShell(cwd);
    const clock = new HandClock();
    shell.clock = clock;
    const ran = main(['run', 'slow.ts', '--dry-run', '3', '--item-timeout', '2s'], shell);
    const waits = async (): Promise<void> => {
      while (clock.waiting < 2) await new Promise((resolve) => setImmediate(resolve));
    };
    await waits();
    clock.turn(2000);
    await waits();
    clock.turn(31_999);
    expect(shell.stderr).not.toContain('item 2');
    clock.turn(1);
    expect(await ran).toBe(3);
    expect(shell.stdout).toBe('"is quick"\n');
    expect(withoutPlaces(shell.stderr).split('\n')).toEqual([
      'millrace: item 1 "listens": the item ran for longer than its itemTimeout of 2000 ms',
      'millrace: item 2 "goes on": the item ran for longer than its itemTimeout of 2000 ms, and kept running after its signal had aborted',
      '',
    ]);
    expect(clock.waiting).toBe(0);
  });

  it('resolves the configuration as a run does', async () => {
    const environment = { MILLRACE_CONFIG: '', MILLRACE_CONSUMRES: '3' };
    const { code, stderr } = await millraceIn(environment, good.replace('90s', '90'), 'run', '--dry-run', '1');
    expect(code).toBe(78);
    expect(stderr).toEqual([
      'millrace: MILLRACE_CONFIG: is empty; give it a value or unset it',
      expect.stringMatching(/^millrace: p\.ts:7: options\.itemTimeout: expected a duration/),
    ]);
    const warned = await millraceIn({ MILLRACE_CONSUMRES: '3' }, good, 'run', '--dry-run', '1', '--yes');
    expect(warned).toMatchObject({ code: 0, stdout: ['1'], stderr: [expect.stringContaining('MILLRACE_CONSUMERS')] });
  });

  it.each([
    ['source', 'function* () { yield 1; throw new Error("the vendor is down"); }', ''],
    ['setup', '[1]', 'setup() { throw new Error("the vendor is down"); }, process: (item) => item,'],
    ['teardown', '[1]', 'process: (item) => item, teardown() { throw new Error("the vendor is down"); },'],
  ])('reports that the %s failed', async (field, source, more) => {
    const pipeline = `export default definePipeline({ name: 'dry', source: ${source}, ${more} sink: to.discard() });`;
    const { code, stderr } = await millrace(pipeline, 'run', '--dry-run', '5');
    expect({ code, stderr: stderr.map(withoutPlaces) }).toEqual({
      code: 78,
      stderr: [`millrace: p.ts: ${field}: the vendor is down`],
    });
    expect(stderr[0]).toMatch(/ \(at \/.*\/p\.ts:2:\d+\)$/);
  });

  it('requires the number of items', async () => {
    expect(await millrace(good, 'run', '--dry-run', 'all')).toMatchObject({ code: 64 });
  });
});
