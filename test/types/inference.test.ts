// What TypeScript infers about a pipeline without annotations.
import {
  definePipeline,
  DependencyError,
  PermanentError,
  type Pipeline,
  type ProcessContext,
  RetryAfter,
  type RowOf,
  type SourceContext,
  to,
} from 'millrace';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<_Claim extends true>(): void {}

interface Pokemon {
  name: string;
  height: number;
}

// The pipeline of the README.
export const readme: Pipeline = definePipeline({
  name: 'pokedex',
  limits: { vendor: { concurrency: 10, rate: '100/s' } },
  async *source() {
    for (let id = 1; id <= 151; id++) yield { id };
  },
  async process({ id }, { fetch }) {
    same<Same<typeof id, number>>();
    const response = await fetch(`https://vendor.example/api/v2/pokemon/${id}`, { limit: 'vendor' });
    const { name, height } = (await response.json()) as Pokemon;
    return { id, name, height };
  },
  sink: to.sqlite({ file: 'pokedex.db', table: 'pokemon', key: 'id' }),
});

// Every field, and every property of the contexts.
export const everything = definePipeline({
  name: 'everything',
  version: '2',
  deterministic: true,
  limits: { vendor: { rate: '1/s' }, archive: { concurrency: 2, rate: '5/min', linger: '30s' } },
  async *source({ cursor, checkpoint, fetch, limit, signal, log, run }) {
    same<Same<typeof cursor, unknown>>();
    same<Same<typeof run, string>>();
    same<Same<typeof signal, AbortSignal>>();
    log.info('reading', { run });
    const response = await fetch(new URL('https://vendor.example'), { limit: 'vendor', retries: 1, timeout: '30s' });
    const size = await limit('archive', async () => response.status);
    same<Same<typeof size, number>>();
    checkpoint({ page: 1 });
    yield { id: size, at: new Date() };
  },
  async setup({ ordinal, signal, log, fetch, limit }) {
    same<Same<typeof ordinal, number>>();
    await fetch('https://vendor.example', { limit: 'archive', signal, method: 'POST' });
    log.debug(await limit('vendor', () => 'ready'));
    return { cache: new Map<number, string>() };
  },
  async process(item, { fetch, limit, signal, log, attempt, seq, key, resources }) {
    same<Same<typeof item, { id: number; at: Date }>>();
    same<Same<typeof resources, { cache: Map<number, string> }>>();
    same<Same<[typeof attempt, typeof seq, typeof key], [number, number, string]>>();
    if (attempt > 3) throw new PermanentError('no use', { cause: 1 });
    if (signal.aborted) throw new RetryAfter(1000);
    const response = await fetch('https://vendor.example', { limit: 'vendor' });
    if (!response.ok) throw new DependencyError('vendor', { cause: response.status });
    log.warn(await limit('archive', () => key));
    return { id: item.id, seq };
  },
  teardown({ cache }) {
    same<Same<typeof cache, Map<number, string>>>();
  },
  sink: to.sqlite({ file: 'a.db', table: 'a', key: ['id', 'seq'] }),
  options: {
    consumers: 2,
    concurrency: 12,
    itemTimeout: '2 min',
    stopTimeout: 8000,
    durability: 'normal',
    queueHighBytes: '64MiB',
  },
});

// The other kinds of source.
export const sources = [
  definePipeline({ name: 'a', source: [{ id: 1 }], process: ({ id }) => ({ id: id + 1 }), sink: to.stdout() }),
  definePipeline({ name: 'a', source: new Set(['x']), process: (text) => text.length, sink: to.discard() }),
  definePipeline({ name: 'a', source: readable(), process: (text) => text.length, sink: to.discard() }),
  definePipeline({ name: 'a', source: () => [1, 2], process: (n) => n.toFixed(), sink: to.discard() }),
  definePipeline({ name: 'a', *source() { yield 1n; }, process: (n) => n * 2n, sink: to.discard() }), // prettier-ignore
  definePipeline({ name: 'a', source: ({ run }) => [run], process: (run) => run.length, sink: to.discard() }),
];
declare function readable(): AsyncIterable<string>;

// Results: one, many, none; immediately or later.
export const results = [
  definePipeline({ name: 'a', source: [1], process: (id) => ({ id }), sink: keyed() }),
  definePipeline({ name: 'a', source: [1], process: async (id) => ({ id }), sink: keyed() }),
  definePipeline({ name: 'a', source: [1], process: (id) => [{ id }, { id, more: true }], sink: keyed() }),
  definePipeline({ name: 'a', source: [1], process: (id) => (id > 1 ? { id } : undefined), sink: keyed() }),
  definePipeline({ name: 'a', source: [1], process: (id) => (id > 1 ? { id } : [{ id }, null]), sink: keyed() }),
  definePipeline({ name: 'a', source: [1], process: async (id) => (id > 1 ? [{ id }] as const : null), sink: keyed() }), // prettier-ignore
  definePipeline({ name: 'a', source: [1], process(id) { if (id > 1) return { id }; return; }, sink: keyed() }), // prettier-ignore
  definePipeline({ name: 'a', source: [1], process: async (id) => void id, sink: keyed() }),
  definePipeline({ name: 'a', source: [1], process: () => undefined, sink: keyed() }),
  definePipeline({ name: 'a', source: [{ id: 1 }], sink: keyed() }),
];
function keyed() {
  return to.sqlite({ file: 'a.db', table: 'a', key: 'id' });
}

same<Same<RowOf<{ a: 1 }[] | { b: 2 } | undefined | null>, { a: 1 } | { b: 2 }>>();
same<Same<RowOf<void>, never>>();

// Functions that are declared elsewhere.
async function work(
  { id }: { id: number },
  { fetch, resources }: ProcessContext<{ base: string }>,
): Promise<{ id: number }> {
  await fetch(`${resources.base}/${id}`, { limit: 'vendor' });
  return { id };
}
async function* pages({ cursor = { page: 1 }, checkpoint }: SourceContext<{ page: number }>) {
  for (let { page } = cursor; page < 10; page++) {
    yield { id: page };
    checkpoint({ page: page + 1 });
  }
}
export const elsewhere = definePipeline({
  name: 'elsewhere',
  limits: { vendor: { concurrency: 1 } },
  source: pages,
  setup: () => ({ base: 'https://vendor.example' }),
  process: work,
  sink: keyed(),
});

// A cursor with a declared type.
export const typedCursor = definePipeline({
  name: 'typed-cursor',
  limits: { vendor: { concurrency: 1 } },
  async *source({ cursor, checkpoint, limit }: SourceContext<number>) {
    same<Same<typeof cursor, number | undefined>>();
    checkpoint(await limit('vendor', () => 5));
    yield cursor ?? 0;
  },
  process: (id) => ({ id }),
  sink: keyed(),
});

// Fields in other orders, if nothing has to be inferred backwards.
export const otherOrder = definePipeline({
  sink: keyed(),
  source: [{ id: 1 }],
  name: 'other-order',
  process: ({ id }, { resources }) => {
    same<Same<typeof resources, undefined>>();
    return { id };
  },
});

// The results that the memory sink has collected, with their type.
export const kept: readonly { id: number }[] = to.memory<{ id: number }>().rows;
