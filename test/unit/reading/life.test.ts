import { describe, expect, it } from '@jest/globals';
import { to } from '../../../src/connectors/to.ts';
import { Redaction } from '../../../src/core/redaction.ts';
import { handle } from '../../../src/ipc/handlers.ts';
import type { ConfigureProducer, FromProducer, PipelineDescription, ToProducer } from '../../../src/ipc/messages.ts';
import type { SourceContext } from '../../../src/pipeline/context.ts';
import type { LoadedPipeline } from '../../../src/pipeline/load.ts';
import { pipelineMark, type Pipeline } from '../../../src/pipeline/types.ts';
import { producerLife } from '../../../src/reading/life.ts';
import {
  defineSource,
  type Chunk,
  type OpenContext,
  type OpenSource,
  type SourceSpec,
} from '../../../src/sources/port.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { microtasks } from '../../support/microtasks.ts';

const description: PipelineDescription = {
  name: 'tested',
  params: {},
  secrets: [],
  limits: {},
  options: {},
  fingerprint: 'version 1',
  code: 'code 1',
  deterministic: true,
  settles: false,
  sink: { kind: 'memory', delivery: 'transaction', target: 'memory', options: 'none' },
};

const configure: ConfigureProducer = {
  type: 'configure',
  name: 'tested',
  run: 'run-1',
  position: { cursor: null, count: 0, digest: null },
  previous: null,
  isReopened: false,
  reads: true,
  reportTimeoutMs: 60_000,
  throttled: false,
  frameItems: 10,
  frameBytes: 1000,
  windowBytes: 10_000,
  maxItemBytes: 1000,
  params: {},
  redact: [],
  beatMs: 1000,
  diesWithSupervisor: true,
};

/** The life of a producer, with the test as its supervisor. */
class Living {
  readonly clock = new HandClock();
  readonly sent: FromProducer[] = [];
  readonly failures: unknown[] = [];
  hasLeft = false;
  readonly #life;

  constructor(source: unknown, loaded?: LoadedPipeline) {
    const pipeline = { [pipelineMark]: 1, name: 'tested', source, sink: to.memory() } as Pipeline;
    this.#life = producerLife(
      {
        send: (message) => void (message.type === 'beat' ? 0 : this.sent.push(message)),
        fail: (error) => void this.failures.push(error),
        leave: () => {
          this.hasLeft = true;
          this.#life.onLeave();
        },
      },
      {
        clock: this.clock,
        random: () => 0.5,
        rss: () => 0,
        redaction: new Redaction(),
        load: () => Promise.resolve(loaded ?? { pipeline, description, problems: [] }),
        onConfigured: () => undefined,
        onReady: () => undefined,
      },
    );
  }

  /** A producer that has described its pipeline and been configured. */
  static async reading(source: unknown, overrides: Partial<ConfigureProducer> = {}): Promise<Living> {
    const living = new Living(source);
    await living.hears({ type: 'describe', file: '/tested.ts' });
    await living.hears({ ...configure, ...overrides });
    return living;
  }

  async hears(message: ToProducer): Promise<void> {
    handle(this.#life.handlers, message, Buffer.alloc(0));
    await this.settle();
  }

  async settle(): Promise<void> {
    await microtasks(30);
    this.clock.endTick();
    await microtasks(30);
  }

  get said(): string[] {
    return this.sent.map(({ type }) => type);
  }
}

describe('a producer', () => {
  it('describes its pipeline, reads to the end, waits until everything is stored, and exits on request', async () => {
    const living = await Living.reading(['a', 'b']);
    expect(living.said).toEqual(['described', 'ready', 'frame', 'frame', 'end']);
    expect(living.sent.at(-1)).toMatchObject({ position: { cursor: null, count: 2 } });
    await living.hears({ type: 'stored', frames: 1 });
    expect(living.said.at(-1)).toBe('end');
    await living.hears({ type: 'stored', frames: 1 });
    expect(living.said.at(-1)).toBe('ended');
    expect(living.clock.waiting).toBe(1);
    await living.hears({ type: 'bye' });
    expect([living.hasLeft, living.clock.waiting, living.failures]).toEqual([true, 0, []]);
  });

  it('reports the problems of its file', async () => {
    const problems = [{ file: '/tested.ts', message: 'no default export' }];
    const living = new Living([], { pipeline: null, description: null, problems });
    await living.hears({ type: 'describe', file: '/tested.ts' });
    expect(living.sent).toEqual([{ type: 'described', pipeline: null, problems }]);
  });

  it('fails if it is configured before it has described its pipeline', async () => {
    const living = new Living([]);
    await living.hears(configure);
    expect(living.failures).toMatchObject([
      { message: expect.stringContaining('before it had described its pipeline') },
    ]);
  });

  it('has the earlier items stored if its source throws', async () => {
    const living = await Living.reading(function* () {
      yield 1;
      yield 2;
      throw new Error('the vendor hung up');
    });
    expect(living.said).toEqual(['described', 'ready', 'frame', 'frame']);
    expect(living.failures).toEqual([]);
    await living.hears({ type: 'stored', frames: 2 });
    expect(living.failures).toMatchObject([{ message: 'the vendor hung up' }]);
  });

  it('waits while the throttle is on, even at the start', async () => {
    const living = await Living.reading(['a'], { throttled: true });
    expect(living.said).toEqual(['described', 'ready']);
    await living.hears({ type: 'throttle', on: false });
    expect(living.said).toEqual(['described', 'ready', 'frame', 'end']);
  });

  it('gives its source a cursor, a run and a signal', async () => {
    const seen: unknown[] = [];
    const source = ({ cursor, run, signal }: SourceContext): unknown[] => {
      seen.push(cursor, run, signal.aborted);
      return [];
    };
    await Living.reading(source, { position: { cursor: '{"page":3}', count: 0, digest: null } });
    expect(seen).toEqual([{ page: 3 }, 'run-1', false]);
  });
});

describe('a producer whose source has a specification', () => {
  function own(chunks: readonly Chunk[], spec: Partial<SourceSpec> = {}): { source: SourceSpec; heard: unknown[] } {
    const heard: unknown[] = [];
    const open = ({ cursor, isReopened }: OpenContext): OpenSource => {
      heard.push(['open', cursor, isReopened]);
      return {
        read: () => chunks,
        stored: (to) => void heard.push(['stored', to]),
        close: () => void heard.push(['close']),
      };
    };
    const base = { kind: 'own', target: 'memory', resumes: 'by cursor', settles: false } as const;
    return { source: defineSource({ ...base, open, ...spec }), heard };
  }

  it('opens the source at its cursor, reports items as stored after the commit, and closes the source at the end', async () => {
    const { source, heard } = own([
      { items: ['a'], cursor: 1 },
      { items: ['b', 'c'], cursor: 3 },
    ]);
    const living = await Living.reading(source, {
      position: { cursor: '0', count: 0, digest: null },
      isReopened: true,
    });
    expect(living.said).toEqual(['described', 'ready', 'frame', 'frame', 'end']);
    expect(living.sent.at(-2)).toMatchObject({ position: { cursor: '3', count: 0 } });
    expect(living.sent.filter(({ type }) => type === 'frame')).toMatchObject([
      { isForgotten: true },
      { isForgotten: true },
    ]);
    expect(heard).toEqual([['open', 0, true]]);
    await living.hears({ type: 'stored', frames: 1 });
    expect(heard.slice(1)).toEqual([['stored', 1]]);
    await living.hears({ type: 'stored', frames: 1 });
    expect(heard.slice(2)).toEqual([['stored', 3], ['close']]);
    expect(living.said.at(-1)).toBe('ended');
  });

  it('does not report a cursor that was stored before the producer started', async () => {
    const { source, heard } = own([{ items: ['b', 'c'] }]);
    const living = await Living.reading(source, { position: { cursor: '1', count: 1, digest: null } });
    expect(living.sent.find(({ type }) => type === 'frame')).not.toHaveProperty('isForgotten');
    await living.hears({ type: 'stored', frames: 1 });
    expect(heard).toEqual([['open', 1, false], ['close']]);
  });

  it('skips the cursors reached during a report, except the newest', async () => {
    const heard: unknown[] = [];
    const reports: (() => void)[] = [];
    const stored = (to: unknown): Promise<void> => {
      heard.push(to);
      return new Promise((resolve) => reports.push(resolve));
    };
    const chunks = [1, 2, 3, 4].map((cursor) => ({ items: ['x'.repeat(900)], cursor }));
    const { source } = own([], { open: () => ({ read: () => chunks, stored }) });
    const living = await Living.reading(source, { frameItems: 1 });
    for (let i = 0; i < 4; i++) await living.hears({ type: 'stored', frames: 1 });
    expect(heard).toEqual([1]);
    reports.shift()!();
    await living.settle();
    expect(heard).toEqual([1, 4]);
    expect(living.said.at(-1)).toBe('end');
    reports.shift()!();
    await living.settle();
    expect(living.said.at(-1)).toBe('ended');
  });

  it('passes on what is settled, confirms it once the source has handled it, and waits for that before it ends', async () => {
    const { source, heard } = own([{ items: ['a'], cursor: 1 }], { settles: true });
    let deal: () => void = () => undefined;
    const settled = (to: unknown): Promise<void> => {
      heard.push(['settled', to]);
      return new Promise((resolve) => (deal = resolve));
    };
    const opening = { ...source, open: async (context: OpenContext) => ({ ...(await source.open(context)), settled }) };
    const living = await Living.reading(opening);
    await living.hears({ type: 'stored', frames: 1 });
    expect(living.said).toEqual(['described', 'ready', 'frame', 'end']);
    await living.hears({ type: 'settledTo', id: 5, cursor: '1' });
    expect(heard.slice(1)).toEqual([
      ['stored', 1],
      ['settled', 1],
    ]);
    await living.hears({ type: 'stop' });
    expect(living.said.at(-1)).toBe('end');
    deal();
    await living.settle();
    expect(living.sent.slice(-2)).toEqual([{ type: 'confirmed', id: 5 }, { type: 'ended' }]);
    expect(heard.at(-1)).toEqual(['close']);
  });

  it('only opens a source that has ended, to pass on what is settled', async () => {
    const { source, heard } = own([{ items: ['a'], cursor: 1 }], { settles: true });
    const living = await Living.reading(source, { reads: false, isReopened: true });
    await living.hears({ type: 'settledTo', id: 5, cursor: '1' });
    expect(living.said).toEqual(['described', 'ready', 'confirmed']);
    await living.hears({ type: 'stop' });
    expect(living.said.at(-1)).toBe('ended');
    expect(heard).toEqual([['open', undefined, true], ['close']]);
  });

  it('fails if its source takes too long to handle what is settled', async () => {
    const { source } = own([], {
      settles: true,
      open: () => ({ read: () => [], settled: () => new Promise(() => {}) }),
    });
    const living = await Living.reading(source, { reads: false });
    await living.hears({ type: 'settledTo', id: 5, cursor: '1' });
    living.clock.turn(60_001);
    expect(living.failures).toMatchObject([{ message: "the source's settled took longer than 1min (itemTimeout)" }]);
  });

  it('fails if its source fails, after the earlier items were stored', async () => {
    const failing = function* (): Generator<Chunk> {
      yield { items: [1] };
      throw new Error('the vendor hung up');
    };
    const { source } = own([], { open: () => ({ read: failing }) });
    const living = await Living.reading(source);
    expect(living.failures).toEqual([]);
    await living.hears({ type: 'stored', frames: 1 });
    expect(living.failures).toMatchObject([{ message: 'the vendor hung up' }]);
  });

  it('fails if the source fails to accept a report', async () => {
    const stored = (): void => {
      throw new Error('the broker is gone');
    };
    const { source } = own([], { open: () => ({ read: () => [{ items: [1], cursor: 1 }], stored }) });
    const living = await Living.reading(source);
    await living.hears({ type: 'stored', frames: 1 });
    expect(living.failures).toMatchObject([{ message: 'the broker is gone' }]);
  });

  it.each(['stored', 'settled'] as const)(
    'closes a source whose `%s` fails because of the stop, and ends',
    async (report) => {
      const { source, heard } = own([{ items: ['a'], cursor: 1 }], { settles: true });
      const opening = {
        ...source,
        open: async (context: OpenContext) => ({
          ...(await source.open(context)),
          [report]: () =>
            new Promise<void>((_, reject) => {
              context.signal.addEventListener('abort', () => reject(context.signal.reason as Error));
            }),
        }),
      };
      const living = await Living.reading(opening);
      await living.hears({ type: 'stored', frames: 1 });
      await living.hears({ type: 'settledTo', id: 5, cursor: '1' });
      await living.hears({ type: 'stop' });
      expect([living.said.at(-1), living.failures]).toEqual(['ended', []]);
      expect(heard.at(-1)).toEqual(['close']);
    },
  );

  it('closes a source that was still opening at the stop after it has opened, and only then ends', async () => {
    const { source, heard } = own([{ items: ['a'] }]);
    let finishOpening: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (finishOpening = resolve));
    const opening = { ...source, open: (context: OpenContext) => slow.then(() => source.open(context)) };
    const living = await Living.reading(opening);
    await living.hears({ type: 'stop' });
    expect(living.said).toEqual(['described', 'ready']);
    finishOpening();
    await living.settle();
    expect(heard).toEqual([['open', undefined, false], ['close']]);
    expect(living.said).toEqual(['described', 'ready', 'ended']);
  });

  it('ends at the stop if its source gives up opening because of it', async () => {
    const { source } = own([], {
      open: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    });
    const living = await Living.reading(source);
    await living.hears({ type: 'stop' });
    expect([living.said.at(-1), living.failures]).toEqual(['ended', []]);
  });

  it('stops in the middle of a chunk, and closes its source', async () => {
    const { source, heard } = own([{ items: Array.from({ length: 100 }, (_, i) => i), cursor: 100 }]);
    const living = await Living.reading(source, { frameItems: 1, windowBytes: 20 });
    await living.hears({ type: 'stop' });
    for (let i = 0; i < 30; i++) await living.hears({ type: 'stored', frames: 1 });
    expect(living.said.at(-1)).toBe('ended');
    expect(living.said.filter((type) => type === 'frame').length).toBeLessThan(30);
    expect(heard.slice(1)).toEqual([['close']]);
  });

  it.each<[unknown, string]>([
    [5, 'got 5'],
    [{}, 'got an object with neither'],
    [{ bytes: Buffer.from('a'), meta: { version: 1 } }, 'got `ends` that are nothing'],
    [{ bytes: Buffer.from('a'), ends: [1] }, 'got a `meta` that is nothing'],
    [{ bytes: Buffer.from('ab'), ends: [1], meta: { version: 1 } }, 'expected the last record to end at 2, got 1'],
    [{ bytes: Buffer.from('ab'), ends: [1, 1, 2], meta: { version: 1 } }, 'expected record 1 to end after 1, got 1'],
    [{ items: [1], cursor: 1n }, 'a chunk expects a cursor that JSON can hold'],
  ])('refuses the chunk %p with exit 78', async (chunk, message) => {
    const { source } = own([chunk as Chunk]);
    const living = await Living.reading(source);
    expect(living.failures).toMatchObject([
      { code: 'SOURCE', exitCode: 78, message: expect.stringContaining(message) },
    ]);
  });
});

describe('a producer after a stop', () => {
  it('ends as soon as everything that it sent is stored, even if its source waits forever', async () => {
    const living = await Living.reading(async function* () {
      yield 1;
      await new Promise(() => {});
    });
    await living.hears({ type: 'stop' });
    expect(living.said).toEqual(['described', 'ready', 'frame']);
    await living.hears({ type: 'stored', frames: 1 });
    expect(living.said).toEqual(['described', 'ready', 'frame', 'ended']);
  });

  it('ends even while it is throttled', async () => {
    const living = await Living.reading(['a'], { throttled: true });
    await living.hears({ type: 'stop' });
    expect(living.said).toEqual(['described', 'ready', 'ended']);
  });

  it('does not fail if its source throws because of the signal', async () => {
    const living = await Living.reading(async function* ({ signal }: SourceContext) {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      yield 1;
    });
    await living.hears({ type: 'stop' });
    expect([living.said.at(-1), living.failures]).toEqual(['ended', []]);
  });

  it('reports its end again if its source has ended', async () => {
    const living = await Living.reading(['a']);
    await living.hears({ type: 'stop' });
    await living.hears({ type: 'stored', frames: 1 });
    expect(living.said).toEqual(['described', 'ready', 'frame', 'end', 'ended', 'ended']);
    await living.hears({ type: 'bye' });
    await living.hears({ type: 'bye' });
    expect([living.hasLeft, living.failures]).toEqual([true, []]);
  });
});
