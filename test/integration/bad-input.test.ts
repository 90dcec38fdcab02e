import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { Spool } from '../../src/queue/spool/spool.ts';
import { aRun, deadOf, group } from '../contract/store.ts';
import { frameOf } from '../support/frames.ts';
import { Project, type Ended } from '../support/project.ts';

/** A mistake of a user: the exit code of the command, and what it says. */
interface Row {
  /** The files that exist before; by default, `p.ts` is a good pipeline. */
  files?: Record<string, string | Buffer>;
  prepare?: (project: Project) => void;
  args?: string[];
  env?: Record<string, string>;
  /** A program that starts it. */
  through?: string[];
  code: number;
  says: (string | RegExp)[];
  /** The items that are in the sink afterwards. */
  has?: number[];
  /** The directory in which nothing may have changed. */
  leaves?: string;
  /** With the pipeline fixed, the same run continues and ends with these items in the sink. */
  mended?: number[];
}
type Table = Record<string, Row>;

// It is in the environment and in each pipeline, and must not appear in any output.
const secret = 'hunter2-is-secret';
const quick = [
  '--consumers',
  '1',
  '--retry-base',
  '1ms',
  '--retry-cap',
  '1ms',
  '--attempts',
  '2',
  '--crash-limit',
  '1',
];
const good = `*source() { for (let id = 1; id <= 5; id++) yield { id }; }`;

function pipeline({
  top = '',
  source = good,
  process = '',
  sink = `to.sqlite({ file: 'out.db', table: 'rows' })`,
} = {}) {
  return {
    'p.ts': `import { definePipeline, to } from 'millrace';
      const token = '${secret}';
      ${top}
      export default definePipeline({ name: 'bad', version: '1', ${source}, ${process && `process(item, context) { ${process} },`} sink: ${sink} });`,
  };
}

// File modes stop root as they stop other users.
const withoutPrivileges = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
/** Nobody may do anything with it; if possible, it does not even belong to us. */
const locked = (name: string) => (project: Project) => {
  chmodSync(project.path(name), 0);
  if (process.getuid?.() === 0) chownSync(project.path(name), 65534, 65534);
};

const run = (...flags: string[]): string[] => ['run', 'p.ts', ...quick, ...flags];
const item = (text: string): string => `*source() { yield { id: 1 }; yield ${text}; yield { id: 3 }; }`;
const result = (text: string): string => `if (item.id === 3) { ${text} } return item;`;

const inputs: [string, Row][] = [];

function given(what: string, table: Table): void {
  for (const [name, row] of Object.entries(table)) inputs.push([`${what} ${name}`, row]);
}

/** The outcome. `has`, `mended` and `contents`, before and after, are undefined if they were not requested. */
async function tried({
  files = {},
  prepare,
  args = run(),
  env = {},
  through = withoutPrivileges,
  has,
  leaves,
  mended,
}: Row): Promise<Ended & Pick<Row, 'has' | 'mended'> & { contents?: unknown[] }> {
  const project = new Project();
  try {
    for (const [name, content] of Object.entries({ ...pipeline(), ...files })) {
      mkdirSync(dirname(project.path(name)), { recursive: true });
      writeFileSync(project.path(name), content);
    }
    prepare?.(project);
    const before = leaves && contentOf(project.path(leaves));
    const ended = await project.run(args, { VENDOR_TOKEN: secret, NODE_OPTIONS: '', ...env }, through);
    if (leaves) return { ...ended, contents: [before, contentOf(project.path(leaves))] };
    if (has) return { ...ended, has: inSink(project, ended) };
    if (!mended) return ended;
    for (const [name, content] of Object.entries(pipeline())) project.write(name, content);
    await project.run(run());
    return { ...ended, mended: inSink(project, ended) };
  } finally {
    await project.clean();
  }
}

/** In the table, or on standard output if there is none. */
function inSink(project: Project, { stdout }: Ended): number[] {
  const rows = project.read('out.db')
    ? project.query<{ id: number }>('out.db', 'SELECT id FROM rows')
    : stdout.match(/^.+$/gm)!.map((line) => JSON.parse(line) as { id: number });
  return rows.map(({ id }) => id).toSorted((a, b) => a - b);
}

function contentOf(directory: string): string[][] {
  return readdirSync(directory)
    .toSorted()
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ]);
}

function literally(text: string): RegExp {
  return new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
}

const wholeNumber = '--consumers: expected a whole number from 1 to 1,000';
given('a flag', {
  ...Object.fromEntries(
    ['0', '-1', '1.5', 'abc', '1e9', ' ', '9007199254740993', '1\n2', '0x8'].map((value) => [
      `--consumers ${JSON.stringify(value)}`,
      { args: ['run', 'p.ts', '--consumers', value], code: 64, says: [wholeNumber] },
    ]),
  ),
  'without a value': { args: ['run', 'p.ts', '--consumers'], code: 64, says: ['expected a value after --consumers'] },
  'with an empty value': { args: ['run', 'p.ts', '--state', ''], code: 64, says: ['expected a value after --state'] },
  'given twice': { args: run('--consumers', '2'), code: 64, says: ['--consumers is given more than once'] },
  'that there is not': { args: run('--consumer', '2'), code: 64, says: ['--consumer', 'did you mean "--consumers"'] },
  'whose low mark is not below its high one': {
    args: run('--queue-high-items', '10', '--queue-low-items', '10'),
    code: 64,
    says: ['queueLowItems must be less than queueHighItems, got 10'],
  },
  'with a path that has a line break in it is taken as it is': { args: run('--state', 'a\nb'), code: 0, says: [] },
});

given('an argument or a variable', {
  'a command that there is not': {
    args: ['rum', 'p.ts'],
    code: 64,
    says: ['unknown command "rum"', 'did you mean "run"'],
  },
  'a directory that was removed meanwhile': {
    through: ['sh', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', 'sh'],
    code: 78,
    says: ['the current directory no longer exists'],
  },
  'no pipeline': { args: ['run'], code: 64, says: ['expected <pipeline>, got nothing'] },
  'two pipelines': { args: ['run', 'p.ts', 'q.ts'], code: 64, says: ['got "p.ts" and "q.ts"'] },
  'an empty variable': {
    args: ['run', 'p.ts'],
    env: { MILLRACE_CONSUMERS: '' },
    code: 78,
    says: ['MILLRACE_CONSUMERS: is empty'],
  },
  'a wrong variable': {
    args: ['run', 'p.ts'],
    env: { MILLRACE_CONSUMERS: '8 apples' },
    code: 78,
    says: ['MILLRACE_CONSUMERS', 'got "8 apples"'],
  },
  'a variable that there is not is a warning': {
    env: { MILLRACE_CONSUMER: '8' },
    code: 0,
    says: ['did you mean MILLRACE_CONSUMERS'],
  },
  '--inspect for all of Node: the children do not want the same port': {
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    code: 0,
    says: [/^(?!.*address already in use)/s],
  },
});

const config = (text: string | Buffer): Pick<Row, 'files' | 'args' | 'code'> => ({
  files: { 'c.yaml': text },
  args: run('--config', 'c.yaml'),
  code: 78,
});
const bomb = [
  'a: &a [x,x,x,x,x,x,x,x]',
  ...['b', 'c', 'd', 'e', 'f', 'g'].map((name, i) => `${name}: &${name} [${`*${'abcdef'[i]},`.repeat(8)}]`),
  'consumers: *g',
].join('\n');
given('a config file', {
  'that is no YAML': { ...config('consumers: [1\nb: }'), says: ['c.yaml:2:'] },
  'with a key twice': { ...config('attempts: 1\nattempts: 2\n'), says: ['c.yaml:2:1: Map keys must be unique'] },
  'with tabs': { ...config('consumers:\n\t- 1\n'), says: ['c.yaml:2:1: Tabs are not allowed'] },
  'with a byte order mark and CRLF is fine': {
    ...config('\ufeffconcurrency: 2\r\nstallTimeout: 30s\r\n'),
    code: 0,
    says: [],
  },
  'of 50 MB': { ...config(Buffer.alloc(50 * 1024 * 1024, '#')), says: ['expected at most 1MiB, got 52428800 bytes'] },
  'with aliases of aliases': { ...config(bomb), says: ['c.yaml'] },
  'with an alias of itself': {
    ...config('consumers: &a [*a]\n'),
    says: ['c.yaml:1: consumers: expected a whole number'],
  },
  'with __proto__': {
    ...config('__proto__: { consumers: 3 }\n'),
    says: ['c.yaml:1: __proto__: there is no such option'],
  },
  'with an option that there is not': {
    ...config('consumer: 3\n'),
    says: ['c.yaml:1: consumer', 'did you mean consumers'],
  },
  'with a wrong unit': {
    ...config('itemTimeout: 10 sec\n'),
    says: ['c.yaml:1: itemTimeout: expected a duration such as', 'got "10 sec"'],
  },
  'with wrong types': {
    ...config('consumers: "many"\nitemTimeout: null\nconcurrency: .nan\nretryBase: -5s\n'),
    args: ['run', 'p.ts', '--config', 'c.yaml'],
    says: [
      'c.yaml:1: consumers',
      'c.yaml:2: itemTimeout: has no value',
      'c.yaml:3: concurrency',
      'c.yaml:4: retryBase',
    ],
  },
  'with bytes that are no text': { ...config(Buffer.from([0, 1, 255, 254, 10])), says: ['c.yaml:1:1'] },
  'that is not there': {
    args: run('--config', 'nope.yaml'),
    code: 78,
    says: ['nope.yaml: no such config file'],
  },
  'that cannot be read': {
    ...config('consumers: 1\n'),
    prepare: locked('c.yaml'),
    says: ['c.yaml: cannot be read: EACCES'],
  },
  'that is a directory': {
    files: { 'd/x': '' },
    args: run('--config', 'd'),
    code: 78,
    says: ['expected a YAML file, got a directory'],
  },
});

/** A queue that was never used and was left as by a kill; then changed by SQL, or by other bytes from some place on. */
const spool = (change: string | { at: number; bytes: string }) => (project: Project) => {
  const file = project.path('state/queue.db');
  const opened = Spool.open({ file, durability: 'full' });
  opened.shrink();
  opened.abandon();
  if (typeof change === 'string') {
    const database = new Database(file);
    database.exec(change);
    database.close();
  } else {
    const content = readFileSync(file);
    content.write(change.bytes, change.at);
    writeFileSync(file, content);
  }
};
/** A queue with dead letter 1, in a file that this user may read but not write. */
const readOnlyLetter = (project: Project): void => {
  const file = project.path('state/queue.db');
  const opened = Spool.open({ file, durability: 'full' });
  opened.store.commit(
    group({ run: { ...aRun, nextSeq: 2, stored: 1, dead: 1 }, dead: [deadOf(1, { frame: frameOf([{ id: 1 }]) })] }),
  );
  opened.close();
  chmodSync(file, 0o400);
};
/** Each way to change dead letter 1, or the file that holds it. */
const changes: Record<string, string[]> = {
  'dead edit': ['dead', 'edit', '1', '--json', '{}'],
  'dead retry': ['dead', 'retry', '1'],
  'dead purge': ['dead', 'purge', '1', '--yes'],
  'store compact': ['store', 'compact'],
};
given('a state directory', {
  'that is a file': {
    files: { state: '' },
    args: run('--state', 'state'),
    code: 78,
    says: ['state is not a directory'],
  },
  'below a file': { files: { f: '' }, args: run('--state', 'f/state'), code: 78, says: ['f is not a directory'] },
  'where there can be none': {
    args: run('--state', '/proc/millrace'),
    code: 78,
    says: ['cannot create the state directory /proc/millrace'],
  },
  'whose path is too long for SQLite': {
    args: run('--state', `${'d'.repeat(200)}/${'d'.repeat(250)}`),
    code: 78,
    says: ['may have at most 450 bytes', 'with --state'],
  },
  'of another user': {
    files: { 'state/x': '' },
    prepare: locked('state'),
    args: run('--state', 'state'),
    code: 78,
    says: [/no access to the state directory.*state/, 'Run as its owner'],
  },
  'whose queue cannot be read': {
    prepare: (project) => {
      spool('')(project);
      locked('state/queue.db')(project);
    },
    args: run('--state', 'state'),
    code: 78,
    says: [/no write access to \S+state\/queue\.db \(EACCES\)/],
  },
  'whose queue may not be written': {
    prepare: (project) => {
      spool('')(project);
      chmodSync(project.path('state/queue.db'), 0o400);
    },
    args: run('--state', 'state'),
    code: 78,
    says: [/no write access to \S+state\/queue\.db \(EACCES\).*Nothing was changed/],
    leaves: 'state',
  },
  ...Object.fromEntries(
    Object.entries(changes).map(([command, args]): [string, Row] => [
      `whose queue may not be written, with ${command}`,
      {
        prepare: readOnlyLetter,
        args: [...args, '--state', 'state'],
        code: 78,
        says: [/no write access to \S+state\/queue\.db \(EACCES\)/],
        leaves: 'state',
      },
    ]),
  ),
  'that may not be written to': {
    prepare: (project) => {
      spool('')(project);
      chmodSync(project.path('state'), 0o500);
    },
    args: run('--state', 'state'),
    code: 78,
    says: [/no write access to \S+state \(EACCES\).*Nothing was changed/],
    leaves: 'state',
  },
  'that may not be written to, looked at': {
    prepare: (project) => {
      spool('')(project);
      chmodSync(project.path('state'), 0o500);
    },
    args: ['dead', 'ls', '--state', 'state'],
    code: 78,
    says: [/state\/queue\.db: reading it needs read access to the file and write access to its directory/],
    leaves: 'state',
  },
  'of another user, looked at': {
    files: { 'state/x': '' },
    prepare: locked('state'),
    args: ['store', 'verify', '--state', 'state'],
    code: 78,
    says: [/no access to the state directory.*state/],
  },
  'that everybody can write to is a warning': {
    prepare: (project) => {
      mkdirSync(project.path('state'));
      chmodSync(project.path('state'), 0o777);
    },
    args: run('--state', 'state'),
    code: 0,
    says: ['everyone on this machine can write to the state directory'],
  },
  'of a newer version': {
    prepare: spool('PRAGMA user_version = 999'),
    args: run('--state', 'state'),
    code: 78,
    says: ['was written by a newer Millrace (schema 999', '--fresh'],
  },
  'that is damaged': {
    prepare: spool({ at: 4096, bytes: 'no page of any kind'.repeat(20) }),
    args: run('--state', 'state'),
    code: 74,
    says: ['queue.db is damaged', 'It was not changed. Restore it from a backup'],
  },
  'of something else': {
    prepare: spool('PRAGMA application_id = 1'),
    args: run('--state', 'state'),
    code: 78,
    says: ['queue.db is a SQLite database, but not a Millrace queue'],
  },
  'of no database': {
    files: { 'state/queue.db': 'this is no database, but somebody wants it' },
    args: run('--state', 'state'),
    code: 74,
    says: ['queue.db'],
  },
});

given('a pipeline file', {
  'that is not there': { args: ['run', 'nope.ts'], code: 78, says: ['nope.ts: there is no such file'] },
  'that is a directory': {
    files: { 'd/x': '' },
    args: ['run', 'd'],
    code: 78,
    says: ['d: is a directory; expected a TypeScript'],
  },
  'that cannot be read': { prepare: locked('p.ts'), code: 78, says: ['p.ts: cannot be read: EACCES'] },
  'with wrong syntax': { files: { 'p.ts': 'export default {' }, code: 78, says: ['p.ts:1: syntax error at column 17'] },
  'of bytes': { files: { 'p.ts': Buffer.from([0, 255, 1]) }, code: 78, says: ['p.ts:1: syntax error'] },
  'that throws': {
    files: pipeline({ top: `throw new Error('no config here');` }),
    code: 78,
    says: [/p\.ts:3:\d+: threw while it was imported: no config here/],
  },
  'that throws null': {
    files: pipeline({ top: 'throw null;' }),
    code: 78,
    says: ['p.ts: threw while it was imported: a null was thrown'],
  },
  'that never comes to its end': {
    files: pipeline({ top: 'await new Promise(() => undefined);' }),
    args: run('--ready-timeout', '3s'),
    code: 78,
    says: ['p.ts', 'not loaded within 3s', 'does its top level await something that never happens?'],
  },
  'that ends the process': {
    files: pipeline({ top: 'process.exit(0);' }),
    code: 78,
    says: ['p.ts ended the process', 'exit code 0'],
  },
  'that exports a function': {
    files: { 'p.ts': 'export default () => 1;' },
    code: 78,
    says: ['p.ts:1: the default export is a function'],
  },
  'that exports null': {
    files: { 'p.ts': 'export default null;' },
    code: 78,
    says: ['p.ts: the default export is null; expected what definePipeline'],
  },
  'that exports nothing': { files: { 'p.ts': 'export const a = 1;' }, code: 78, says: ['p.ts: no default export'] },
  'in CommonJS that requires what it has not': {
    files: { 'p.cjs': `module.exports = require('./nope.cjs');` },
    args: ['run', 'p.cjs'],
    code: 78,
    says: ['p.cjs:1: cannot find module "./nope.cjs"'],
  },
  'with an addon that is none': {
    files: {
      ...pipeline({ top: `process.getBuiltinModule('node:module').createRequire(import.meta.url)('./x.node');` }),
      'x.node': 'no addon',
    },
    code: 78,
    says: ['p.ts', 'x.node', 'npm rebuild'],
  },
  'that puts other functions in the place of process.exit and JSON.parse': {
    files: pipeline({ top: 'process.exit = () => {}; JSON.parse = () => { throw new Error("mine"); };' }),
    code: 0,
    says: [],
    has: [1, 2, 3, 4, 5],
  },
});

given('a source', {
  'that throws half-way': {
    files: pipeline({
      source: `*source() { yield { id: 1 }; yield { id: 2 }; throw new Error('the drop has gone'); }`,
    }),
    code: 69,
    says: [
      'restarting',
      /the producer crashed too often \(last: exited 1 \(the drop has gone \(at \/.*\/p\.ts:\d+:\d+\)\)\)/,
    ],
    mended: [1, 2, 3, 4, 5],
  },
  'that throws null': {
    files: pipeline({ source: '*source() { yield { id: 1 }; throw null; }' }),
    code: 69,
    says: ['a null was thrown'],
    mended: [1, 2, 3, 4, 5],
  },
  'that throws in finally': {
    files: pipeline({ source: `*source() { try { yield { id: 1 }; } finally { throw new Error('in finally'); } }` }),
    code: 69,
    says: ['in finally'],
    mended: [1, 2, 3, 4, 5],
  },
  'that never yields, and never waits': {
    files: pipeline({ source: '*source() { while (true); }' }),
    args: [...run().slice(0, -1), '0', '--stall-timeout', '2s'],
    code: 69,
    says: ['the producer crashed too often (last: killed by SIGKILL (silent for 2s))'],
    mended: [1, 2, 3, 4, 5],
  },
  'that ends its process': {
    files: pipeline({ source: '*source() { yield { id: 1 }; process.exit(0); }' }),
    code: 69,
    says: ['exited 0 unexpectedly'],
  },
  'that sets the exit code is left to': {
    files: pipeline({ source: `*source() { process.exitCode = 7; for (let id = 1; id <= 5; id++) yield { id }; }` }),
    code: 0,
    says: [],
    has: [1, 2, 3, 4, 5],
  },
  'with a rejection that nobody handles': {
    files: pipeline({
      source: `async *source() { Promise.reject(new Error('nobody asks')); await new Promise((go) => setTimeout(go, 60_000)); }`,
    }),
    code: 69,
    says: ['nobody asks'],
  },
  'that is no source': {
    files: pipeline({ source: 'source: 5' }),
    code: 78,
    says: [/p\.ts:\d+: source: expected a generator function/, 'got 5'],
  },
  'that returns no source': {
    files: pipeline({ source: 'async source() { return [1]; }' }),
    code: 78,
    says: ['was `async function` meant to be `async function*`?'],
  },
  'whose iterator is none': {
    files: pipeline({ source: 'source() { return { [Symbol.iterator]: () => ({ next: () => 5 }) }; }' }),
    code: 78,
    says: ['expected { value, done } from its iterator, got 5'],
  },
  'that yields after its return': {
    files: pipeline({
      source: `source() { let id = 0; return { [Symbol.iterator]() { return this; }, next: () => (++id > 5 ? { done: true, value: { id: 99 } } : { done: false, value: { id } }), return: () => ({ done: false, value: { id: 100 } }) }; }`,
    }),
    code: 0,
    says: [],
    has: [1, 2, 3, 4, 5],
  },
  'that writes to standard output without end': {
    files: pipeline({
      source: `*source() { for (let id = 1; id <= 5; id++) { for (let line = 0; line < 5000; line++) console.log('line ' + line); yield { id }; } }`,
    }),
    code: 0,
    says: ['output flood: some lines were dropped'],
    has: [1, 2, 3, 4, 5],
  },
});

const carried = 'item 2 of the source: the item cannot be carried to a consumer: ';
given('an item', {
  'that contains itself': {
    files: pipeline({ source: item('(() => { const a = { id: 2 }; a.self = a; return a; })()') }),
    code: 78,
    says: [`${carried}$.self refers back`],
    mended: [1, 2, 3, 4, 5],
  },
  'that is undefined': {
    files: pipeline({ source: item('undefined') }),
    code: 78,
    says: ['item 2 of the source: the item is undefined'],
  },
  'that is a promise': {
    files: pipeline({ source: item('Promise.resolve({ id: 2 })') }),
    code: 78,
    says: ['the item is a promise; await it'],
  },
  'that is too large': {
    files: pipeline({ source: item(`{ text: 'x'.repeat(20_000_000) }`) }),
    code: 78,
    says: [`${carried}it takes 20000`, 'maxItemBytes', '--max-item-bytes'],
  },
  'with a function': {
    files: pipeline({ source: item('{ id: 2, f() {} }') }),
    code: 78,
    says: [`${carried}$.f is a function`],
  },
  'with a symbol': {
    files: pipeline({ source: item(`{ id: 2, s: Symbol('x') }`) }),
    code: 78,
    says: [`${carried}$.s is a symbol`],
  },
  'with __proto__': {
    files: pipeline({ source: item(`JSON.parse('{"id":2,"__proto__":{"p":1}}')`) }),
    code: 78,
    says: [`${carried}$ has a key __proto__`],
  },
  'with half a character': {
    files: pipeline({ source: item(String.raw`{ t: '\ud800' }`) }),
    code: 78,
    says: [`${carried}$.t contains half a surrogate pair`],
  },
  'whose getter throws': {
    files: pipeline({ source: item(`{ get t() { throw new Error('not today'); } }`) }),
    code: 78,
    says: [`${carried}reading $.t throws: Error: not today`],
  },
  '10,000 levels deep': {
    files: pipeline({
      source: item(
        '(() => { const top = {}; let a = top; for (let i = 0; i < 10_000; i++) a = a.a = {}; return top; })()',
      ),
    }),
    code: 78,
    says: [`${carried}it is nested too deeply at $.a.a`],
  },
  'that is no object, for a table': {
    files: pipeline({ source: item('7') }),
    code: 3,
    has: [1, 3],
    says: [String.raw`expected a plain object as a row, got a number`],
  },
  'that is a BigInt is kept': { files: pipeline({ source: item('{ id: 2n }') }), code: 0, says: [], has: [1, 2, 3] },
  'with NaN is kept': {
    files: pipeline({ source: item('{ id: NaN }'), process: 'return { id: Number.isNaN(item.id) ? 2 : item.id };' }),
    code: 0,
    says: [],
    has: [1, 2, 3],
  },
});

const others = [1, 2, 4, 5];
given('a result', {
  'of other columns than its table has': {
    files: pipeline({ process: result(`return { id: 3, colour: 'red' };`) }),
    code: 3,
    has: others,
    says: [String.raw`expected one of its columns (id), got \"colour\"`],
  },
  'that is NaN': {
    files: pipeline({ process: result('return { id: NaN };') }),
    code: 3,
    has: others,
    says: [String.raw`column \"id\": expected a finite number, got NaN`],
  },
  'that is a BigInt of more than 64 bits': {
    files: pipeline({ process: result('return { id: 2n ** 64n };') }),
    code: 3,
    has: others,
    says: [String.raw`column \"id\": expected a BigInt of 64 bits, got a larger one`],
  },
  'that contains itself': {
    files: pipeline({ sink: 'to.stdout()', process: result('const a = {}; a.a = a; return a;') }),
    code: 3,
    has: others,
    says: ['standard output: it is circular'],
  },
  'with a function': {
    files: pipeline({ sink: 'to.stdout()', process: result('return { f() {} };') }),
    code: 3,
    has: others,
    says: ['expected data, got a function at $.f'],
  },
  'whose getter throws': {
    files: pipeline({ process: result(`return { get id() { throw new Error('not today'); } };`) }),
    code: 3,
    has: others,
    says: ['the row cannot be written: not today'],
  },
  'that is thrown, and null': {
    files: pipeline({ process: result('throw null;') }),
    code: 3,
    has: others,
    says: ['"failed 2 times, the last time"', '"a null was thrown: null"'],
  },
  'that is thrown, and cannot be looked at': {
    files: pipeline({ process: result('throw new Proxy({}, { get() { throw 1; } });') }),
    code: 3,
    has: others,
    says: ['it cannot even be shown'],
  },
  'that ends the process': {
    files: pipeline({ process: result('process.exit(0);') }),
    args: [...run().slice(0, -1), '9'],
    code: 3,
    has: others,
    says: ['killed its consumer 3 times: exit code 0'],
  },
  'with a rejection that nobody handles': {
    files: pipeline({
      process: result(`Promise.reject(new Error('nobody asks')); return new Promise(() => undefined);`),
    }),
    args: [...run().slice(0, -1), '9'],
    code: 3,
    has: others,
    says: ['killed its consumer 3 times: uncaught error: nobody asks'],
  },
  'that is written to standard output without end': {
    files: pipeline({ process: `for (let line = 0; line < 5000; line++) console.log('line ' + line); return item;` }),
    code: 0,
    has: [1, 2, 3, 4, 5],
    says: ['output flood: some lines were dropped'],
  },
  'that sets the exit code is left to': {
    files: pipeline({ process: result('process.exitCode = 9;') }),
    code: 0,
    says: [],
    has: [1, 2, 3, 4, 5],
  },
  'that writes to the channel': {
    files: pipeline({
      process: result(`process.getBuiltinModule('node:fs').writeSync(3, 'garbage garbage garbage');`),
    }),
    args: [...run().slice(0, -1), '9'],
    code: 3,
    has: others,
    says: ['Does anything in that process write to file descriptor 3?'],
  },
  'for a table in a directory that there is not': {
    files: pipeline({ sink: `to.sqlite({ file: 'nowhere/out.db', table: 'rows' })` }),
    code: 78,
    says: ['nowhere/out.db: its directory does not exist; create it'],
    mended: [1, 2, 3, 4, 5],
  },
  'for a table that may not be written': {
    files: { 'out.db': '' },
    prepare: locked('out.db'),
    code: 78,
    says: ['out.db', 'This user must be able to write the file'],
  },
  'for a table without the columns that the options name': {
    files: pipeline({ sink: `to.sqlite({ file: 'out.db', table: 'rows', columns: { id: 'INTEGER', name: 'TEXT' } })` }),
    prepare: (project) => {
      const database = new Database(project.path('out.db'));
      database.exec('CREATE TABLE rows (id INTEGER)');
      database.close();
    },
    code: 78,
    says: ['expected the columns id, name, but name is missing'],
    mended: [1, 2, 3, 4, 5],
  },
});

it.concurrent.each(inputs)(
  '%s',
  async (_, row) => {
    const { code, signal, stderr, has, mended, contents: [before, after] = [] } = await tried(row);
    for (const text of row.says) expect(stderr).toMatch(text instanceof RegExp ? text : literally(text));
    expect({ code, signal, has, mended }).toEqual({ code: row.code, signal: null, has: row.has, mended: row.mended });
    expect(after).toEqual(before);
    // The place in our code does not help users to fix theirs.
    expect(stderr).not.toMatch(/^\s+at .*(dist\/|node:internal)/m);
    expect(stderr).not.toContain(secret);
  },
  120_000,
);
