// Uses of the public API that must compile, with the types that they infer.
import {
  definePipeline,
  from,
  param,
  type Pipeline,
  type ProcessContext,
  type Processor,
  run,
  secret,
  type SetupContext,
  type SourceContext,
  text,
  to,
} from 'millrace';
import { defineProcessor, type SourceSpec } from 'millrace/port';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<_Claim extends true>(): void {}

interface User {
  id: number;
  email: string;
}

// All fields in order: params, limits, a CSV file with a header, tables.
export const books = definePipeline({
  name: 'books',
  params: {
    shelf: param.string({ default: 'all', describe: 'the shelf to read' }),
    max: param.integer({ optional: true }),
    mode: param.oneOf(['full', 'delta'], { default: 'full' }),
    day: param.date(),
    dry: param.boolean({ default: false }),
    factor: param.number(),
  },
  limits: { ftp: { concurrency: 3 }, vendor: { rate: '100/min' } },
  source: from.csv({ path: 'books.csv', header: ['id', 'name'], types: { id: 'integer' } }),
  async setup({ params, limit }) {
    same<Same<typeof params.shelf, string>>();
    await limit('ftp', () => 1);
    return { cache: new Map<number, string>() };
  },
  async process(row, { params, limit, fetch, resources }) {
    same<Same<typeof row, { readonly id: number | null; readonly name: string | null }>>();
    same<
      Same<
        typeof params,
        {
          readonly shelf: string;
          readonly max: number | undefined;
          readonly mode: 'full' | 'delta';
          readonly day: string;
          readonly dry: boolean;
          readonly factor: number;
        }
      >
    >();
    same<Same<typeof resources, { cache: Map<number, string> }>>();
    const n = await limit('vendor', () => 1);
    await fetch('x', {
      limit: 'vendor',
      headers: { authorization: text`Bearer ${secret('T')}`, 'x-app': secret('APP'), a: 'b' },
    });
    await fetch('x', { limit: 'ftp', headers: [['a', 'b']] });
    return { books: { id: row.id ?? 0, n }, authors: [{ book: row.id ?? 0, name: 'x' }] };
  },
  sink: to.sqlite({ file: 'a.db', tables: { books: { key: 'id' }, authors: { key: ['book', 'name'] } } }),
});

// A CSV file without a declared header may have any column.
export const open = [
  definePipeline({
    name: 'a',
    source: from.csv({ path: 'a.csv' }),
    sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }),
  }),
  definePipeline({
    name: 'a',
    source: from.csv({ path: 'a.csv', types: { id: 'integer', when: 'date', ok: 'boolean' } }),
    process(row) {
      same<Same<typeof row.id, number | null>>();
      same<Same<(typeof row)['title'], string | null>>();
      same<Same<typeof row.ok, boolean | null>>();
      return { ...row, id: row.id ?? 0 };
    },
    sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }),
  }),
];

// NDJSON, from a file and from standard input.
export const lines = definePipeline({
  name: 'a',
  source: from.ndjson<User>({ stdin: true }),
  process: (user) => {
    same<Same<typeof user, User>>();
    return user;
  },
  sink: to.stdout(),
});

// SQLite, with a type of its rows and without.
const database = param.string({ default: 'in.db' });
export const tableRows = [
  definePipeline({
    name: 'a',
    params: { database },
    source: from.sqlite<User>({
      file: text`data/${database}`,
      table: 'users',
      columns: ['id', 'email'],
      where: 'id > :low',
      params: { low: 5n, text: database },
      key: 'id',
      incremental: { cursor: 'email', start: database, end: 5, lag: '60s', nullCursor: 'skip' },
      page: 100,
      bigints: 'bigint',
    }),
    process: (user) => {
      same<Same<typeof user, User>>();
      return { id: user.id };
    },
    sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }),
  }),
  definePipeline({
    name: 'a',
    source: from.sqlite({ file: 'in.db', query: 'SELECT a, b FROM t', key: ['a', 'b'] }),
    process: (row) => {
      same<Same<typeof row, Record<string, unknown>>>();
      return { id: String(row['a']) };
    },
    sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }),
  }),
  definePipeline({ name: 'a', source: from.sqlite<User>({ file: 'in.db', table: 'users' }), sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }) }), // prettier-ignore
  definePipeline({ name: 'a', source: from.sqlite({ file: 'in.db', table: 'users' }), sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }) }), // prettier-ignore
];

// A generator with params and limits.
export const generated = definePipeline({
  name: 'a',
  params: { n: param.integer({ default: 3 }) },
  limits: { vendor: { rate: '1/s' } },
  async *source({ params, fetch }) {
    await fetch('x', { limit: 'vendor' });
    for (let i = 0; i < params.n; i++) yield { i };
  },
  process: ({ i }, { params }) => ({ id: i + params.n }),
  sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }),
});

// Feeds: what `read` may return, and the items and cursors that follow from it.
type ItemOf<Spec> = Spec extends SourceSpec<infer Item> ? Item : never;
export const polled = {
  array: from.poll({ every: '10s', read: () => [{ id: 1 }] }),
  promise: from.poll({ every: 500, read: async () => [{ id: 1 }] }),
  page: from.poll({ every: '1 min', read: async ({ cursor = 0 }: SourceContext<number>) => ({ items: [{ id: 1 }], cursor: cursor + 1 }) }), // prettier-ignore
  generator: from.poll({
    every: '10s',
    *read({ cursor = 0, checkpoint }: SourceContext<number>) {
      same<Same<typeof cursor, number>>();
      yield { id: 1 };
      checkpoint(cursor + 1);
    },
  }),
  named: from.poll<{ id: number }, string>({
    every: '1h',
    read({ cursor, checkpoint }) {
      same<Same<typeof cursor, string | undefined>>();
      checkpoint('next');
      return [{ id: 1 }];
    },
  }),
};
same<Same<ItemOf<typeof polled.array>, { id: number }>>();
same<Same<ItemOf<typeof polled.generator>, { id: number }>>();
same<Same<ItemOf<typeof polled.named>, { id: number }>>();
same<Same<ItemOf<typeof polled.page>, { id: number }>>();
same<Same<ItemOf<typeof polled.promise>, { id: number }>>();
export const polling = definePipeline({
  name: 'a',
  params: { shelf: param.string() },
  limits: { vendor: { rate: '1/s' } },
  source: from.poll({
    every: '10s',
    async *read({ fetch, cursor }) {
      await fetch('x', { limit: 'vendor' });
      yield { id: 1, cursor };
    },
  }),
  process: ({ id, cursor }) => {
    same<Same<typeof cursor, unknown>>();
    return { id };
  },
  sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }),
});

// Several tables: no rows for one of them, shapes that differ by branch, arrays of results, no result.
const tables = () => to.sqlite({ file: 'a.db', tables: { books: { key: 'id' }, authors: { key: 'name' } } });
export const byTable = [
  definePipeline({ name: 'a', source: [1], process: (id) => ({ books: { id }, authors: id > 1 ? [{ name: 'x' }] : undefined }), sink: tables() }), // prettier-ignore
  definePipeline({ name: 'a', source: [1], process: (id) => (id > 1 ? { books: { id } } : { authors: { name: 'x' } }), sink: tables() }), // prettier-ignore
  definePipeline({ name: 'a', source: [1], process: (id) => (id > 1 ? [{ books: { id } }, { books: [{ id: 2 }] }] : null), sink: tables() }), // prettier-ignore
];

// Functions that are declared elsewhere.
async function* pages({ cursor = 1, checkpoint, params }: SourceContext<number, { from: string }>) {
  yield params.from;
  checkpoint(cursor);
}
const setup = ({ params }: SetupContext<{ from: string }>) => ({ base: params.from });
async function work(line: string, { resources, fetch }: ProcessContext<{ base: string }>) {
  await fetch(resources.base, { limit: 'anything' });
  return { line };
}
export const elsewhere = definePipeline({
  name: 'a',
  params: { from: param.string() },
  limits: { vendor: { rate: '1/s' } },
  source: pages,
  setup,
  process: work,
  sink: to.stdout(),
});

// A processor instead of a function: its results reach the sink, whether or not it declares its items.
declare function exec<Out = unknown>(command: string): Processor<unknown, Out>;
declare const vendor: Processor<User, { id: number; seen: Date }, 'vendor'>;
export const executed: Pipeline<unknown, { path: string }> = definePipeline({
  name: 'a',
  source: ['a.xml'],
  process: exec<{ path: string }[]>('xsltproc'),
  sink: to.sqlite({ file: 'a.db', table: 'a', key: 'path' }),
});
export const executedUntyped = definePipeline({ name: 'a', source: [1], process: exec('wc'), sink: to.stdout() });
export const executedNdjson = definePipeline({
  name: 'a',
  source: from.ndjson({ path: 'a.ndjson' }),
  process: exec<{ id: number; name: string }>('x'),
  sink: to.all(to.sqlite({ file: 'a.db', table: 'a', key: 'id' }), to.stdout()),
});
export const underALimit: Pipeline<unknown, { id: number; seen: Date }> = definePipeline({
  name: 'a',
  limits: { vendor: { concurrency: 1 }, other: { rate: '1/s' } },
  source: [{ id: 1, email: 'a@b.c', more: true }],
  process: vendor,
  sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }),
});

// A user’s own processor, whose items and results are inferred.
export const counting = definePipeline({
  name: 'a',
  source: ['a b'],
  setup: () => ({ base: 1 }),
  process: defineProcessor({
    kind: 'count',
    target: 'words',
    async open({ slot, ordinal, signal, params, log, resolve, clock }) {
      same<Same<[typeof slot, typeof ordinal, typeof signal], [number, number, AbortSignal]>>();
      log.info(resolve(text`${shelf}`), { params, now: clock.now() });
      await Promise.resolve();
      return {
        async run(line: string, { attempt, fetch }) {
          same<Same<typeof attempt, number>>();
          await fetch('x', { limit: 'anything' });
          return { id: line, words: line.split(' ').length };
        },
        isBroken: false,
        close: async () => {},
      };
    },
  }),
  sink: to.sqlite({ file: 'a.db', table: 'a', key: 'id' }),
});
same<Same<typeof counting, Pipeline<{}, { id: string; words: number }>>>();

// Params and secrets as values of fields.
const shelf = param.string({ default: 'all' });
export const fields = definePipeline({
  name: 'a',
  params: { shelf, day: param.date() },
  source: [1],
  process: (id) => ({ id }),
  sink: to.sqlite({ file: text`out/${shelf}.db`, table: 'a', key: 'id' }),
});
export const file = to.sqlite({ file: shelf, table: 'a' });

// A program that runs the pipeline, with the params of the pipeline if it declares its type.
const service = run<typeof books>(new URL('./books.ts', import.meta.url), { params: { shelf: 'A', mode: 'delta' } });
export const done: number = (await service.done).done;
for await (const row of service.results) same<Same<NonNullable<typeof row.authors>[number]['name'], string>>();
export const bare = run('books.ts', { params: { anything: 1 } });

export const forgotten: { readonly pipeline: Pipeline } = { pipeline: books };
