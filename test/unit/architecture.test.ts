/**
 * Who may import whom, and which file may use what. Change the tables here, not the test below them; the reasons are in
 * docs/architecture.md. (Clock, environment and process.exit are rules of .oxlintrc.json: they are about globals.)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Import, importsOf } from '../support/imports.ts';

const anything = '*';

/** Directory of src → directories it may import from. `types:x` allows `import type` only, `!x` excepts x. */
const directories: Record<string, { from: readonly string[]; because: string }> = {
  '(entries)': { from: [anything], because: 'src/*.ts wire and exit' },
  cli: { from: [anything], because: 'the commands are the body of an entry; nothing imports them but src/cli.ts' },
  core: { from: [], because: 'everything stands on it' },
  values: { from: ['core'], because: 'params, secrets and texts: what a pipeline names and a process fills in' },
  frame: { from: ['core'], because: 'items as bytes: the one thing all three processes share' },
  ipc: { from: ['core', 'types:frame'], because: 'it carries what it does not understand' },
  queue: { from: ['core', 'frame'], because: 'pure but for the spool: it can be run without a process or a channel' },
  limits: { from: ['core'], because: 'pure: permits and rates are arithmetic on a given time' },
  supervision: {
    from: [
      'core',
      'frame',
      'ipc',
      'queue',
      '!queue/spool',
      'types:limits',
      'observability/events',
      'observability/rate',
      'observability/reasons',
      'types:observability/status',
    ],
    because:
      'it runs no user code, decodes no item, knows the queue by its interfaces, emits events and says how it is',
  },
  pipeline: {
    from: ['core', 'ledger/ledger', 'processors/port', 'sinks/port', 'sources/port', 'types:ipc/messages', 'values'],
    because: 'what a user imports: loading it must cost nothing',
  },
  connectors: {
    from: [
      'core',
      'ledger',
      'sinks',
      'sources/port',
      'types:pipeline/context',
      'types:pipeline/options',
      'types:values/secret',
      'values/text',
    ],
    because: 'a connector knows its port, not who runs it',
  },
  sources: {
    from: ['core', 'types:frame', 'types:pipeline/context', 'types:values/text'],
    because: 'a source knows its port, not who reads it; the context is the one that generator functions get',
  },
  processors: {
    from: ['core', 'types:pipeline/context', 'types:values/text'],
    because: 'a processor knows its port, not who leases it; the contexts are the ones that functions get',
  },
  sinks: { from: ['core', 'values/text'], because: 'the port of sinks, and what all sinks share: it knows no system' },
  ledger: { from: ['core', 'sinks/port'], because: 'the rules that all transactional sinks share know no database' },
  calls: {
    from: ['core', 'types:ipc/messages', 'types:pipeline/context', 'values'],
    because: 'calling out under limits is the same in producer and consumer',
  },
  child: {
    from: ['core', 'ipc', 'calls', 'pipeline/load', 'types:pipeline/context', 'values'],
    because: 'what producer and consumer are as processes, whatever they do',
  },
  reading: {
    from: ['core', 'frame', 'child', 'sources/port', 'types:ipc/messages'],
    because: 'runs in the producer, which knows nothing of the queue behind the channel',
  },
  working: {
    from: [
      'core',
      'frame',
      'child',
      'processors/port',
      'sinks/batch',
      'sinks/port',
      'sources/port',
      'types:ipc/messages',
      'types:pipeline',
      'types:calls/calls',
      'values/values',
    ],
    because: 'runs in a consumer, which knows nothing of the queue behind the channel',
  },
  observability: { from: ['core'], because: 'it subscribes to events; nothing depends on being observed' },
  control: { from: ['core', 'frame', 'observability'], because: 'it shows and asks; the supervisor decides' },
  service: {
    from: [
      'core',
      'config',
      'control',
      'frame/codec',
      'limits',
      'observability',
      'pipeline/cache-directory',
      'pipeline/problems',
      'types:pipeline/options',
      'types:pipeline/types',
      'queue',
      'supervision',
      'types:ipc/messages',
      'values',
    ],
    because: 'it puts the parts of a service together; the process around it is its callers’ business',
  },
  launching: {
    from: ['core', 'observability', 'types:config', 'types:supervision/starting/archiving'],
    because: 'what the supervisor’s entry does with its process: terminal, signals, standard output',
  },
  torture: {
    from: [
      'connectors/to',
      'core',
      'frame/record-text',
      'pipeline',
      'queue/spool/dead-letters',
      'types:queue/writers',
      'types:processors/port',
      'sinks/plain-object',
      'sinks/port',
      'types:connectors/sqlite/options',
      'sources/port',
      'supervision/posts/identity',
      'queue/spool/directory',
    ],
    because: 'it watches a pipeline from outside; nothing of what is on trial judges itself',
  },
  config: { from: ['core'], because: 'one schema, read by the entries and handed on in slices' },
};

/** Package or Node module → the files of src that may import it, and how many of them at most. */
const libraries: Record<string, { in: RegExp; atMost: number; because: string }> = {
  'better-sqlite3': {
    in: /^(queue\/spool\/[a-z-]+|connectors\/sqlite\/|torture\/databases)[^.]*\.ts$/,
    // One more than connections: a source opens a database read-only, and a sink must never get that connection.
    atMost: 10,
    because: 'native, and blocking',
  },
  execa: { in: /^supervision\//, atMost: 1, because: 'only the supervisor starts processes' },
  jiti: { in: /^pipeline\//, atMost: 1, because: 'only the loader runs user files' },
  'js-tokens': { in: /./, atMost: 1, because: 'replaceable' },
  msgpackr: { in: /^frame\//, atMost: 1, because: 'the encoding of items is one decision' },
  undici: { in: /^calls\//, atMost: 1, because: 'replaceable, and loaded lazily' },
  winston: { in: /^observability\//, atMost: 1, because: 'replaceable, and loaded lazily' },
  yaml: { in: /^config\//, atMost: 1, because: 'replaceable, and loaded lazily' },
  yargs: { in: /^cli(\.ts|\/)/, atMost: 1, because: 'replaceable, and loaded by the command line only' },
  'yargs-parser': { in: /^cli\//, atMost: 1, because: 'replaceable, and on the way of every start' },
  zod: { in: /^config\//, atMost: 3, because: 'for what comes from outside; slow to load' },
  'node:child_process': {
    in: /^((supervision|torture)\/|cli\/editor\.ts$)/,
    atMost: 6,
    because: 'execa starts processes; this is for probing, for supervisors that are to be killed, and for an editor',
  },
  'node:perf_hooks': {
    in: /^child\/beat\.ts$/,
    atMost: 1,
    because: 'event-loop utilisation; time itself is passed in',
  },
  'node:timers': { in: /^core\/clock\.ts$/, atMost: 1, because: 'time is passed in' },
  'node:timers/promises': { in: /^core\/clock\.ts$/, atMost: 1, because: 'time is passed in' },
};

const src = resolve('src');

describe('the source tree', () => {
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const imports = sources.flatMap((file) => importsOf(file, readFileSync(join(src, file), 'utf8')));

  it('has no directory without a row in the table', () => {
    expect(unknownDirectories(sources)).toEqual([]);
  });

  it('imports only in the directions of the table', () => {
    expect(wrongDirections(imports)).toEqual([]);
  });

  it('needs everything that the table allows', () => {
    expect(unneeded(imports)).toEqual([]);
  });

  it('has no circular imports, not even of types', () => {
    expect(inCircles(imports)).toEqual([]);
  });

  it('reads the time only through the clock', () => {
    // Date.now() and the timers are rules of the linter, which has none for this.
    const asking = sources.filter((file) => /\bnew Date\(\)/.test(readFileSync(join(src, file), 'utf8')));
    expect(asking.filter((file) => file !== 'core/clock.ts')).toEqual([]);
  });

  it('imports each library only where the table says', () => {
    expect(wrongLibraries(imports)).toEqual([]);
  });
});

describe('these checks', () => {
  it.each([
    [
      "import { spool } from '../queue/spool.ts';",
      'sinks/a.ts',
      'sinks/a.ts imports ../queue/spool.ts: sinks may import',
    ],
    ["export * from '../queue/spool.ts';", 'core/a.ts', 'core/a.ts imports'],
    ["import '../ipc/a.ts';", 'queue/a.ts', 'queue/a.ts imports'],
    ["const later = import('../ipc/a.ts');", 'queue/a.ts', 'queue/a.ts imports'],
    ["let it: import('../ipc/a.ts').Message;", 'queue/a.ts', 'queue/a.ts imports'],
    ["import { load } from '../pipeline/load.ts';", 'sinks/a.ts', 'sinks/a.ts imports'],
    ["import { words } from '../observability/log.ts';", 'supervision/a.ts', 'supervision/a.ts imports'],
    ["import { Spool } from '../queue/spool/spool.ts';", 'supervision/a.ts', 'supervision/a.ts imports'],
    ["import '../../test/a.ts';", 'core/a.ts', 'core/a.ts imports ../../test/a.ts'],
    ["import { a } from '../index.ts';", 'working/a.ts', 'working/a.ts imports'],
  ])('object to the import %s in %s', (text, file, objection) => {
    expect(wrongDirections(importsOf(file, text))).toEqual([expect.stringContaining(objection)]);
  });

  it.each([
    ["import type { Pipeline } from '../pipeline/types.ts';", 'working/a.ts'],
    ["import { type Pipeline, type Context } from '../pipeline/types.ts';", 'working/a.ts'],
    ["import { rate } from '../observability/rate.ts';", 'supervision/a.ts'],
    ["import { a } from './deep/b.ts';", 'queue/a.ts'],
    ["import { a } from '../a.ts';", 'queue/deep/b.ts'],
    ["import { run } from './supervision/run.ts'; import { a } from './cli/a.ts';", 'cli.ts'],
    ["// import '../ipc/a.ts'\nconst text = \"import '../ipc/a.ts'\";", 'queue/a.ts'],
  ])('accept the import %s in %s', (text, file) => {
    expect(wrongDirections(importsOf(file, text))).toEqual([]);
  });

  it('object to a library in the wrong place, in too many places, or not in the table', () => {
    const made = [
      ...importsOf('limits/a.ts', "import winston from 'winston';"),
      ...importsOf('frame/a.ts', "import { pack } from 'msgpackr';"),
      ...importsOf('frame/b.ts', "import { pack } from 'msgpackr/pack';"),
      ...importsOf('frame/c.ts', "import { pack } from '../../node_modules/msgpackr/pack.js';"),
      ...importsOf(
        'core/a.ts',
        "import type { A } from '@made/up/deep'; import { setTimeout } from 'timers/promises';",
      ),
    ];
    expect(wrongLibraries(made)).toEqual([
      'limits/a.ts imports winston: replaceable, and loaded lazily',
      'core/a.ts imports @made/up, which is not in the table',
      'core/a.ts imports node:timers/promises: time is passed in',
      'msgpackr is imported by frame/a.ts, frame/b.ts, frame/c.ts: at most 1 may (the encoding of items is one decision)',
    ]);
  });

  it('object to a row that allows an import that no file needs', () => {
    const made = importsOf(
      'reading/a.ts',
      "import { Clock } from '../core/clock.ts'; import type { T } from '../frame/frame.ts';",
    );
    const objections = unneeded(made).filter((text) => text.startsWith('reading'));
    expect(objections).toContain('reading imports nothing of frame, but types');
    expect(objections).toContain('reading imports nothing of child');
    expect(objections.join()).not.toContain('core');
  });

  it('object to files that import each other, also through other files', () => {
    const made = [
      ...importsOf('queue/a.ts', "import type { B } from './b.ts';"),
      ...importsOf('queue/b.ts', "const later = import('../core/c.ts'); import './d.ts';"),
      ...importsOf('core/c.ts', "export * from '../queue/a.ts';"),
      ...importsOf('queue/d.ts', "import '../core/e.ts';"),
    ];
    expect(inCircles(made)).toEqual(['core/c.ts', 'queue/a.ts', 'queue/b.ts']);
  });

  it('object to a directory that is not in the table', () => {
    expect(unknownDirectories(['core/a.ts', 'utils/a.ts', 'cli.ts'])).toEqual(['utils']);
  });
});

function unknownDirectories(files: readonly string[]): string[] {
  return [...new Set(files.map(directoryOf))].filter((directory) => directories[directory] === undefined);
}

function wrongDirections(imports: readonly Import[]): string[] {
  return imports.flatMap(({ file, specifier, typesOnly }) => {
    if (!specifier.startsWith('.')) return [];
    const target = join(dirname(file), specifier);
    const own = directoryOf(file);
    const allowed = directories[own]?.from ?? [];
    const names = [directoryOf(target), target.replace(/\.ts$/, '')];
    const isAllowed =
      !target.startsWith('..') &&
      !allowed.some((name) => target.startsWith(`${name.replace(/^!/, '')}/`) && name.startsWith('!')) &&
      (own === directoryOf(target) ||
        allowed.includes(anything) ||
        names.some((name) => allowed.includes(name) || (typesOnly && allowed.includes(`types:${name}`))));
    const list = allowed.join(', ') || 'nothing';
    return isAllowed ? [] : [`${file} imports ${specifier}: ${own} may import ${list} (${directories[own]?.because})`];
  });
}

/** Imports that the tables allow and no file needs. */
function unneeded(imports: readonly Import[]): string[] {
  const between = imports.flatMap(({ file, specifier, typesOnly }) => {
    const target = join(dirname(file), specifier);
    const names = [directoryOf(target), target.replace(/\.ts$/, '')];
    return names.map((name) => ({ own: directoryOf(file), name, typesOnly }));
  });
  const rows = Object.entries(directories).flatMap(([own, { from }]) =>
    from.flatMap((entry) => {
      const name = entry.replace(/^types:/, '');
      const uses = between.filter((use) => use.own === own && use.name === name);
      if (entry === anything || entry.startsWith('!') || uses.some(({ typesOnly }) => !typesOnly || entry !== name))
        return [];
      return [`${own} imports nothing of ${name}${uses.length > 0 ? ', but types' : ''}`];
    }),
  );
  const counts = Object.entries(libraries).flatMap(([library, { atMost }]) => {
    const users = new Set(imports.filter(({ specifier }) => libraryOf(specifier) === library).map(({ file }) => file));
    return users.size < atMost && atMost > 1
      ? [`${library} is imported by ${users.size} files, and ${atMost} may`]
      : [];
  });
  return [...rows, ...counts];
}

/** The files from which their own imports lead back to them. */
function inCircles(imports: readonly Import[]): string[] {
  const targets = new Map<string, Set<string>>();
  for (const { file, specifier } of imports) {
    if (!specifier.startsWith('.')) continue;
    targets.set(file, (targets.get(file) ?? new Set()).add(join(dirname(file), specifier)));
  }
  const reached = (from: string): Set<string> => {
    const found = new Set(targets.get(from));
    // Iterating over a set also visits elements that are added meanwhile.
    for (const file of found) for (const target of targets.get(file) ?? []) found.add(target);
    return found;
  };
  return [...targets.keys()].filter((file) => reached(file).has(file)).toSorted();
}

function wrongLibraries(imports: readonly Import[]): string[] {
  const users = new Map<string, Set<string>>();
  const wrong: string[] = [];
  for (const { file, specifier } of imports) {
    const library = libraryOf(specifier);
    if (library === undefined) continue;
    const row = libraries[library];
    if (row === undefined) {
      if (!library.startsWith('node:')) wrong.push(`${file} imports ${library}, which is not in the table`);
      continue;
    }
    users.set(library, (users.get(library) ?? new Set()).add(file));
    if (!row.in.test(file)) wrong.push(`${file} imports ${library}: ${row.because}`);
  }
  for (const [library, files] of users) {
    const row = libraries[library];
    if (row === undefined || files.size <= row.atMost) continue;
    wrong.push(`${library} is imported by ${[...files].join(', ')}: at most ${row.atMost} may (${row.because})`);
  }
  return wrong;
}

function directoryOf(file: string): string {
  const [first = '', ...rest] = file.split('/');
  return rest.length === 0 ? '(entries)' : first;
}

/** 'winston', '@scope/name', 'node:fs/promises'; undefined for a file of ours. */
function libraryOf(specifier: string): string | undefined {
  if (specifier.startsWith('.')) return undefined;
  if (specifier.startsWith('node:')) return specifier;
  if (builtinModules.includes(specifier)) return `node:${specifier}`;
  return /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}
