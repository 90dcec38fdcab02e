// None of these compiles. There is one mistake per line, as compilers differ in the line that they report.
import {
  definePipeline,
  from,
  param,
  type Pipeline,
  type Processor,
  run,
  secret,
  type Sink,
  type SourceContext,
  to,
} from 'millrace';
import { defineProcessor } from 'millrace/port';

const sink = to.sqlite({ file: 'a.db', table: 'a', key: 'id' });
const limits = { vendor: { concurrency: 1 } } as const;
const source = [{ id: 1 }];
declare const strict: Sink<{ id: number; name: string }>;
declare function exec<Out = unknown>(command: string): Processor<unknown, Out>;
declare const users: Processor<{ email: string }, { id: number }>;
declare const vendor: Processor<unknown, { id: number }, 'vendorr'>;

// prettier-ignore
// @ts-expect-error -- no result has the key
definePipeline({ name: 'a', source, process: ({ id }) => ({ no: id }), sink });

// prettier-ignore
// @ts-expect-error -- one kind of result lacks the key
definePipeline({ name: 'a', source, process: ({ id }) => (id > 1 ? { id } : { no: id }), sink });

// prettier-ignore
// @ts-expect-error -- results in an array lack the key
definePipeline({ name: 'a', source, process: async ({ id }) => [{ no: id }], sink });

// prettier-ignore
// @ts-expect-error -- the items, which go to the sink unchanged, lack the key
definePipeline({ name: 'a', source: [{ no: 1 }], sink });

// prettier-ignore
// @ts-expect-error -- the key is not the value of a column
definePipeline({ name: 'a', source, process: ({ id }) => ({ id: { id } }), sink });

// prettier-ignore
// @ts-expect-error -- the sink demands more properties
definePipeline({ name: 'a', source, process: ({ id }) => ({ id }), sink: strict });

// prettier-ignore
// @ts-expect-error -- a column of the wrong type
definePipeline({ name: 'a', source, process: ({ id }) => ({ id: String(id), name: 'x' }), sink: strict });

// prettier-ignore
// @ts-expect-error -- the results of the processor lack the key
definePipeline({ name: 'a', source, process: exec<{ no: number }>('x'), sink });

// prettier-ignore
// @ts-expect-error -- the results of the processor are unknown, and the sink demands a key
definePipeline({ name: 'a', source, process: exec('x'), sink });

// prettier-ignore
// @ts-expect-error -- the processor accepts other items
definePipeline({ name: 'a', source, process: users, sink });

// prettier-ignore
// @ts-expect-error -- the processor uses a limit that is not declared
definePipeline({ name: 'a', limits, source, process: vendor, sink });

// prettier-ignore
// @ts-expect-error -- the processor uses a limit, and none is declared
definePipeline({ name: 'a', source, process: vendor, sink });

// prettier-ignore
// @ts-expect-error -- an object that was not made by defineProcessor
definePipeline({ name: 'a', source, process: { kind: 'a', target: 'b', open: () => ({ run: () => ({ id: 1 }) }) }, sink });

// prettier-ignore
// @ts-expect-error -- an open processor without run
defineProcessor({ kind: 'a', target: 'b', open: () => ({ close() {} }) });

// prettier-ignore
// @ts-expect-error -- an undeclared limit, in fetch
definePipeline({ name: 'a', limits, source, process: (item, { fetch }) => void fetch('x', { limit: 'vendorr' }), sink });

// prettier-ignore
// @ts-expect-error -- an undeclared limit, in limit
definePipeline({ name: 'a', limits, source, process: (item, { limit }) => limit('vendorr', () => item), sink });

// prettier-ignore
// @ts-expect-error -- an undeclared limit, in the source
definePipeline({ name: 'a', limits, source: ({ fetch }) => [fetch('x', { limit: 'vendorr' })], process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- an undeclared limit, in setup
definePipeline({ name: 'a', limits, source, setup: ({ limit }) => limit('vendorr', () => 1), process: (item) => item, sink });

// prettier-ignore
// @ts-expect-error -- no declared limits
definePipeline({ name: 'a', source, process: (item, { fetch }) => void fetch('x', { limit: 'vendor' }), sink });

// prettier-ignore
// @ts-expect-error -- a limit without concurrency and rate
definePipeline({ name: 'a', limits: { vendor: {} }, source, process: (item) => item, sink });

// prettier-ignore
// @ts-expect-error -- a rate that is a number
definePipeline({ name: 'a', limits: { vendor: { rate: 100 } }, source, process: (item) => item, sink });

// prettier-ignore
// @ts-expect-error -- a linger that is not a duration
definePipeline({ name: 'a', limits: { vendor: { concurrency: 1, linger: '5 sec' } }, source, process: (item) => item, sink });

// prettier-ignore
// @ts-expect-error -- a linger without concurrency
definePipeline({ name: 'a', limits: { vendor: { rate: '1/s', linger: '5s' } }, source, process: (item) => item, sink });

// prettier-ignore
// @ts-expect-error -- an option of the wrong type
definePipeline({ name: 'a', source, process: (item) => item, sink, options: { concurrency: 'many' } });

// prettier-ignore
// @ts-expect-error -- a duration with an unknown unit
definePipeline({ name: 'a', source, process: (item) => item, sink, options: { stopTimeout: '25 sec' } });

// prettier-ignore
// @ts-expect-error -- a size with an unknown unit
definePipeline({ name: 'a', source, process: (item) => item, sink, options: { queueMemory: '64M' } });

// prettier-ignore
// @ts-expect-error -- an unknown durability
definePipeline({ name: 'a', source, process: (item) => item, sink, options: { durability: 'none' } });

// prettier-ignore
// @ts-expect-error -- an unknown option
definePipeline({ name: 'a', source, process: (item) => item, sink, options: { workers: 2 } });

// prettier-ignore
// @ts-expect-error -- an unknown field
definePipeline({ name: 'a', source, process: (item) => item, sink, consumers: 2 });

// prettier-ignore
// @ts-expect-error -- a parameter whose type is not that of the item
definePipeline({ name: 'a', source, process: (item: { id: string }) => item, sink });

// prettier-ignore
// @ts-expect-error -- a field that the item does not have
definePipeline({ name: 'a', source, process: (item) => ({ id: item.no }), sink });

// prettier-ignore
// @ts-expect-error -- a resource that setup does not return
definePipeline({ name: 'a', source, setup: async () => ({ db: 1 }), process: (item, { resources }) => ({ id: resources.no }), sink });

// prettier-ignore
// @ts-expect-error -- resources without setup
definePipeline({ name: 'a', source, process: (item, { resources }) => ({ id: resources.db }), sink });

// prettier-ignore
// @ts-expect-error -- a teardown with other resources
definePipeline({ name: 'a', source, setup: () => 1, process: (item) => item, teardown: (db: string) => void db, sink });

// prettier-ignore
// @ts-expect-error -- a setup without process
definePipeline({ name: 'a', source, setup: () => 1, sink });

// prettier-ignore
// @ts-expect-error -- a checkpoint of another type
definePipeline({ name: 'a', source: ({ checkpoint }: SourceContext<number>) => [checkpoint('x')], sink: to.discard() });

// prettier-ignore
// @ts-expect-error -- a property that the context does not have
definePipeline({ name: 'a', source, process: (item, { sequence }) => ({ id: sequence }), sink });

// prettier-ignore
// @ts-expect-error -- no source
definePipeline({ name: 'a', process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- a source that is not iterable
definePipeline({ name: 'a', source: 5, process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- a source function whose result is not iterable
definePipeline({ name: 'a', source: () => 5, process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- no sink
definePipeline({ name: 'a', source, process: (item) => item });

// prettier-ignore
// @ts-expect-error -- a sink function that was not called
definePipeline({ name: 'a', source, process: (item) => item, sink: to.memory });

// prettier-ignore
// @ts-expect-error -- no name
definePipeline({ source, process: (item) => item, sink });

// prettier-ignore
// @ts-expect-error -- a name that is not text
definePipeline({ name: 1, source, process: (item) => item, sink });

// ── params, secrets, texts ─────────────────────────────────────────────────────────────────────────────────────────

// prettier-ignore
// @ts-expect-error -- a param that the pipeline does not have
definePipeline({ name: 'a', params: { shelf: param.string() }, source, process: ({ id }, { params }) => ({ id, s: params.shelff }), sink });

// prettier-ignore
// @ts-expect-error -- params, although none are declared
definePipeline({ name: 'a', source, process: ({ id }, { params }) => ({ id, s: params.shelf }), sink });

// prettier-ignore
// @ts-expect-error -- a default of the wrong type
param.integer({ default: 'x' });

// prettier-ignore
// @ts-expect-error -- a default that is not listed
param.oneOf(['a', 'b'], { default: 'c' });

// prettier-ignore
// @ts-expect-error -- a secret as a param
definePipeline({ name: 'a', params: { token: secret('T') }, source, process: (item) => item, sink });

// prettier-ignore
// @ts-expect-error -- a secret as the name
definePipeline({ name: secret('N'), source, process: (item) => item, sink });

// prettier-ignore
// @ts-expect-error -- a header that is not text
definePipeline({ name: 'a', source, process: (item, { fetch }) => void fetch('x', { headers: { a: { b: 1 } } }), sink });

// ── tables ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const books = to.sqlite({ file: 'a.db', tables: { books: { key: 'id' }, authors: { key: ['book', 'name'] } } });

// prettier-ignore
// @ts-expect-error -- an unknown table next to a known one
definePipeline({ name: 'a', source, process: ({ id }) => ({ books: { id }, bokks: { id } }), sink: books });

// prettier-ignore
// @ts-expect-error -- only an unknown table
definePipeline({ name: 'a', source, process: ({ id }) => ({ bokks: { id } }), sink: books });

// prettier-ignore
// @ts-expect-error -- a row of a table lacks its key
definePipeline({ name: 'a', source, process: ({ id }) => ({ books: { no: id } }), sink: books });

// prettier-ignore
// @ts-expect-error -- a row in an array lacks one of its keys
definePipeline({ name: 'a', source, process: ({ id }) => ({ authors: [{ book: id }] }), sink: books });

// prettier-ignore
// @ts-expect-error -- a row instead of tables
definePipeline({ name: 'a', source, process: ({ id }) => ({ id }), sink: books });

// prettier-ignore
// @ts-expect-error -- a key that is not a name
to.sqlite({ file: 'a.db', tables: { a: { key: 5 } } });

// prettier-ignore
// @ts-expect-error -- an unknown field of a table
to.sqlite({ file: 'a.db', tables: { a: { keys: 'id' } } });

// prettier-ignore
// @ts-expect-error -- an unknown field of a sink
to.sqlite({ file: 'a.db', table: 'a', keys: 'id' });

// ── from ───────────────────────────────────────────────────────────────────────────────────────────────────────────

// prettier-ignore
// @ts-expect-error -- a type of a column that the header does not have
definePipeline({ name: 'a', source: from.csv({ path: 'a', header: ['id'], types: { idd: 'integer' } }), process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- an unknown type
definePipeline({ name: 'a', source: from.csv({ path: 'a', types: { id: 'int' } }), process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- an unknown field
definePipeline({ name: 'a', source: from.csv({ path: 'a', delimeter: ';' }), process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- neither a path nor standard input
definePipeline({ name: 'a', source: from.csv({ header: ['id'] }), process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- both a path and standard input
from.csv({ path: 'a', stdin: true });

// prettier-ignore
// @ts-expect-error -- a column that the header does not have
definePipeline({ name: 'a', source: from.csv({ path: 'a', header: ['id', 'name'] }), process: (row) => ({ id: 1, n: row.nmae }), sink });

interface User {
  id: number;
  email: string;
}

// prettier-ignore
// @ts-expect-error -- a key that rows do not have
definePipeline({ name: 'a', source: from.sqlite<User>({ file: 'a.db', table: 'u', key: 'idd' }), process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- a cursor that rows do not have
definePipeline({ name: 'a', source: from.sqlite<User>({ file: 'a.db', table: 'u', incremental: { cursor: 'updated' } }), process: () => ({ id: 1 }), sink });

// prettier-ignore
// @ts-expect-error -- an unknown field
from.sqlite({ file: 'a.db', table: 'u', keys: 'id' });

// prettier-ignore
// @ts-expect-error -- an unknown choice
from.sqlite({ file: 'a.db', table: 'u', incremental: { cursor: 'id', nullCursor: 'skipp' } });

// prettier-ignore
// @ts-expect-error -- the rows, which go to the sink unchanged, lack the key
definePipeline({ name: 'a', source: from.sqlite<User>({ file: 'a.db', table: 'u' }), sink: to.sqlite({ file: 'a.db', table: 'a', key: 'no' }) });

// prettier-ignore
// @ts-expect-error -- a secret as a bound, which errors show
from.sqlite({ file: 'a.db', table: 'u', incremental: { cursor: 'id', start: secret('S') } });

// prettier-ignore
// @ts-expect-error -- no `every`
from.poll({ read: () => [1] });

// prettier-ignore
// @ts-expect-error -- no `read`
from.poll({ every: '1s' });

// prettier-ignore
// @ts-expect-error -- not a duration
from.poll({ every: 'often', read: () => [1] });

// prettier-ignore
// @ts-expect-error -- an unknown field
from.poll({ every: '1s', read: () => [1], evry: '1s' });

// prettier-ignore
// @ts-expect-error -- neither items nor a page
from.poll({ every: '1s', read: () => 5 });

// prettier-ignore
// @ts-expect-error -- nothing is returned
from.poll({ every: '1s', read: async () => {} });

// prettier-ignore
// @ts-expect-error -- a cursor of another type
from.poll<number, number>({ every: '1s', read: () => ({ items: [1], cursor: 'x' }) });

// prettier-ignore
// @ts-expect-error -- items that lack the key
definePipeline({ name: 'a', source: from.poll({ every: '1s', read: () => [{ no: 1 }] }), sink });

// prettier-ignore
// @ts-expect-error -- an unknown source
from.kafka({});

// ── run ────────────────────────────────────────────────────────────────────────────────────────────────────────────

declare const shelves: Pipeline<{ readonly shelf: string; readonly mode: 'full' | 'delta' }>;

// prettier-ignore
// @ts-expect-error -- a param of the wrong type
run<typeof shelves>('a.ts', { params: { mode: 'fulll' } });

// prettier-ignore
// @ts-expect-error -- an unknown param
run<typeof shelves>('a.ts', { params: { shelff: 'x' } });
