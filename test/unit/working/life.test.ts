import { describe, expect, it } from '@jest/globals';
import { to } from '../../../src/connectors/to.ts';
import { Redaction } from '../../../src/core/redaction.ts';
import { configError } from '../../../src/core/errors.ts';
import { frameToPayload } from '../../../src/frame/frame.ts';
import { handle } from '../../../src/ipc/handlers.ts';
import type { ConfigureConsumer, FromConsumer, ToConsumer } from '../../../src/ipc/messages.ts';
import type { LoadedPipeline } from '../../../src/pipeline/load.ts';
import { pipelineMark, type Pipeline } from '../../../src/pipeline/types.ts';
import { defineProcessor } from '../../../src/processors/port.ts';
import { withoutLedger, type Sink, type SinkContext, type SinkWriter } from '../../../src/sinks/port.ts';
import { consumerLife } from '../../../src/working/life.ts';
import { AProcessor } from '../../support/a-processor.ts';
import { frameOf } from '../../support/frames.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { microtasks } from '../../support/microtasks.ts';
import { Held } from './a-consumer.ts';
import { startOf } from '../../contract/sink-context.ts';

const configure: ConfigureConsumer = {
  type: 'configure',
  name: 'tested',
  run: 'run-1',
  writer: 3,
  ordinal: 2,
  start: startOf(1),
  concurrency: 4,
  itemTimeoutMs: 60_000,
  abortGraceMs: 30_000,
  sinkIsKnown: false,
  sinkTimeoutMs: 60_000,
  sinkOpenTimeoutMs: 15_000,
  params: {},
  redact: [],
  beatMs: 1000,
  diesWithSupervisor: true,
};

/** A consumer's life; the test plays the supervisor. */
class Living {
  readonly clock = new HandClock();
  readonly sent: FromConsumer[] = [];
  readonly failures: unknown[] = [];
  readonly order: string[] = [];
  hasLeft = false;
  readonly #life;

  constructor(fields: Partial<Pipeline>, problems?: LoadedPipeline['problems']) {
    const pipeline = { [pipelineMark]: 1, name: 'tested', source: [], sink: to.memory(), ...fields } as Pipeline;
    const description = {} as NonNullable<LoadedPipeline['description']>;
    const leave = (): void => {
      this.hasLeft = true;
      this.#life.onLeave();
    };
    this.#life = consumerLife(
      {
        send: (message) => void (message.type === 'beat' ? 0 : this.sent.push(message)),
        flush: () => Promise.resolve(),
        fail: (error) => {
          this.failures.push(error);
          leave();
        },
        leave,
      },
      {
        clock: this.clock,
        random: () => 0.5,
        rss: () => 0,
        redaction: new Redaction(),
        load: () =>
          Promise.resolve(
            problems
              ? { pipeline: null, description: null, problems: [...problems] }
              : { pipeline, description, problems: [] },
          ),
        onConfigured: ({ ordinal }) => void this.order.push(`configured as ${ordinal}`),
        onReady: () => void this.order.push('ready'),
      },
    );
  }

  async hears(message: ToConsumer, payload: Buffer = Buffer.alloc(0)): Promise<void> {
    handle(this.#life.handlers, message, payload);
    await this.settle();
  }

  /** It describes its pipeline and is configured; the messages that it sends from then on are kept. */
  async begins(): Promise<void> {
    await this.hears({ type: 'describe', file: '/tested.ts' });
    this.sent.length = 0;
    await this.hears(configure);
  }

  async isLent(...items: unknown[]): Promise<void> {
    const { header, parts } = frameToPayload(frameOf(items));
    const rest = {
      seq: 1,
      origin: 1,
      originRun: 'run-1',
      attempt: 1,
      history: 'first' as const,
      mode: 'together' as const,
      free: 2,
      writers: [],
    };
    await this.hears({ type: 'deliver', ...rest, ...header }, Buffer.concat(parts));
  }

  async settle(): Promise<void> {
    await microtasks(40);
    this.clock.endTick();
    await microtasks(40);
  }

  get said(): string[] {
    return this.sent.map(({ type }) => type);
  }
}

describe('a consumer', () => {
  it('loads, opens its sink, sets up, and is ready, in that order', async () => {
    const store = to.memory();
    const living: Living = new Living({
      sink: {
        ...store,
        open: async (context: SinkContext) => {
          living.order.push(`open as ${context.writer} of ${context.run}`);
          return await store.open(context);
        },
      },
      setup: ({ ordinal }) => void living.order.push(`set up ${ordinal}`),
    });
    await living.begins();
    expect(living.order).toEqual(['configured as 2', 'open as 3 of run-1', 'set up 2', 'ready']);
    expect(living.said).toEqual(['ready']);
  });

  it('opens a processor after setup, becomes ready when that is open, and gives it up when it exits', async () => {
    const made = new AProcessor();
    const opened = new Held<void>();
    const living: Living = new Living({
      setup: () => void living.order.push('set up'),
      process: {
        ...made.processor,
        open: async (context) => {
          living.order.push(`open slot ${context.slot} of ${context.ordinal}`);
          await opened.promise;
          return await made.processor.open(context);
        },
      },
    });
    await living.begins();
    expect(living.order).toEqual(['configured as 2', 'set up', 'open slot 1 of 2']);
    opened.resolve();
    await living.settle();
    expect(living.said).toEqual(['ready']);
    await living.isLent(1, 'slow');
    expect(living.sent.at(-1)).toMatchObject({ type: 'settle', done: [1, 1], failed: [] });
    await living.hears({ type: 'bye' });
    expect([made.open.size, made.history.slice(-2)]).toEqual([0, ['given up 1', 'given up 2']]);
  });

  it('whose processor cannot be opened says why, and never becomes ready', async () => {
    const open = (): never => {
      throw configError('NO_PROGRAM', 'there is no xsltproc');
    };
    const living = new Living({ process: defineProcessor({ kind: 'exec', target: 'xsltproc', open }) });
    await living.begins();
    expect([living.said, living.hasLeft]).toEqual([[], true]);
    expect(living.failures).toMatchObject([
      { exitCode: 78, message: 'could not open the processor exec xsltproc: there is no xsltproc' },
    ]);
  });

  it('works, ends, exits when it is asked to, and leaves nothing behind', async () => {
    const store = to.memory();
    const living = new Living({ sink: store, teardown: () => void living.order.push('torn down') });
    await living.begins();
    await living.isLent('a', 'b');
    expect(living.sent.at(-1)).toMatchObject({ type: 'settle', done: [1, 2], failed: [], idle: 4, ran: 2 });
    await living.hears({ type: 'end' });
    expect(living.said.at(-1)).toBe('settle');
    await living.hears({ type: 'settled' });
    expect(living.said).toEqual(['ready', 'settle', 'ended']);
    expect(living.order.at(-1)).toBe('torn down');
    await living.hears({ type: 'bye' });
    expect([living.hasLeft, living.clock.waiting, living.failures]).toEqual([true, 0, []]);
  });

  it('describes the pipeline file before it touches anything, and is not configured until then', async () => {
    const open = (): never => {
      throw new Error('opened');
    };
    const living = new Living({ sink: { ...to.memory(), open } });
    await living.hears({ type: 'describe', file: '/tested.ts' });
    expect(living.sent).toEqual([{ type: 'described', pipeline: {}, problems: [] }]);
    const problems: LoadedPipeline['problems'] = [{ file: '/tested.ts', line: 3, message: 'unexpected token' }];
    const broken = new Living({}, problems);
    await broken.hears({ type: 'describe', file: '/tested.ts' });
    expect(broken.sent).toEqual([{ type: 'described', pipeline: null, problems }]);
    await broken.hears(configure);
    expect(broken.failures).toMatchObject([
      { message: expect.stringContaining('before it had described its pipeline') },
    ]);
  });

  it('whose set-up fails cannot continue', async () => {
    const living = new Living({ setup: () => Promise.reject(new Error('no lookup table')) });
    await living.begins();
    expect(living.failures).toMatchObject([{ message: 'no lookup table' }]);
    expect([living.said, living.clock.waiting]).toEqual([[], 0]);
  });

  it('whose teardown fails does not report that it has ended', async () => {
    const living = new Living({ teardown: () => Promise.reject(new Error('still in use')) });
    await living.begins();
    await living.hears({ type: 'end' });
    expect(living.failures).toMatchObject([{ message: 'still in use' }]);
    expect(living.said).toEqual(['ready']);
  });

  it('refuses items before it is ready: the supervisor has lost track', async () => {
    const living = new Living({});
    await expect(living.isLent('a')).rejects.toThrow('before this consumer was ready');
  });
});

describe('a consumer whose sink is out when it opens it', () => {
  const failing = (times: number, error: unknown) => {
    const store = to.memory();
    let left = times;
    const open = async (context: SinkContext): Promise<SinkWriter<unknown>> => {
      if (left-- > 0) throw error;
      return await store.open(context);
    };
    return { ...store, open };
  };

  it('waits for it, and reports each attempt, for which it gets its time again', async () => {
    const living = new Living({ sink: failing(3, new Error('connection refused')) });
    await living.begins();
    for (let i = 0; i < 3; i++) {
      living.clock.turn(5000);
      await living.settle();
    }
    const refused = {
      type: 'sink',
      reason: expect.stringMatching(/^connection refused \(at .*\/life\.test\.ts:\d+:\d+\)$/),
    };
    expect(living.sent).toEqual([refused, refused, refused, { type: 'sink', reason: null }, { type: 'ready' }]);
    expect(living.failures).toEqual([]);
  });

  it('does not wait if waiting cannot help', async () => {
    const living = new Living({ sink: failing(Infinity, configError('SINK_NEWER', 'older than the sink')) });
    await living.begins();
    expect(living.failures).toMatchObject([{ code: 'SINK_NEWER', exitCode: 78 }]);
  });

  it('is refused if two of its sinks write to the same place: each would wait for the other', async () => {
    // Like sinks whose file is a param: their place is known only when they are opened.
    const inOnePlace = (): Sink<unknown> => {
      const store = to.memory();
      return { ...store, open: (context) => context.exclusive('sink:a.db', () => store.open(context)) };
    };
    const living = new Living({ sink: to.all(inOnePlace(), inOnePlace()) });
    await living.begins();
    await living.hears({ type: 'granted', id: 1 });
    expect(living.failures).toMatchObject([{ code: 'SINK_OPTIONS', exitCode: 78 }]);
    expect(living.said.filter((type) => type === 'acquire')).toHaveLength(1);
  });

  it('leaves no timer behind when it fails in the meantime for another reason', async () => {
    const living = new Living({ sink: failing(Infinity, new Error('connection refused')) });
    await living.begins();
    expect(living.clock.waiting).toBe(1);
    await living.hears({ type: 'bye' });
    expect(living.clock.waiting).toBe(0);
  });
});

describe('a consumer that writes to standard output', () => {
  const lines = {
    ...to.memory(),
    delivery: 'call' as const,
    open: (context: SinkContext): Promise<SinkWriter<unknown>> =>
      Promise.resolve({
        ...withoutLedger,
        capture: (row: unknown, captured: unknown[]) => void captured.push(row),
        commit: ({ captured }) => context.writeOut(Buffer.from(captured.join('\n'))),
        close: () => Promise.resolve(),
      }),
  };

  it('settles what the supervisor has written', async () => {
    const living = new Living({ sink: lines });
    await living.begins();
    await living.isLent('a', 'b');
    expect(living.said).toEqual(['ready', 'write']);
    await living.hears({ type: 'written' });
    expect(living.said).toEqual(['ready', 'write', 'settle']);
  });

  it('can be stopped even if nothing reads its output: those items stay in the queue', async () => {
    const living = new Living({ sink: lines });
    await living.begins();
    await living.isLent('a');
    await living.hears({ type: 'stop' });
    expect(living.said).toEqual(['ready', 'write']);
    await living.hears({ type: 'abort' });
    await living.settle();
    expect(living.said).toEqual(['ready', 'write', 'sink', 'ended']);
  });
});

describe('a consumer under a limit', () => {
  it('asks for permits, releases them, and cancels requests that it no longer needs', async () => {
    const gate = new Held();
    const living = new Living({
      process: (item, { limit }) => limit('vendor', () => (item === 'a' ? gate.promise : item)),
    });
    await living.begins();
    await living.isLent('a', 'b');
    expect(living.sent.slice(1)).toEqual([
      { type: 'acquire', id: 1, limit: 'vendor' },
      { type: 'acquire', id: 2, limit: 'vendor' },
    ]);
    await living.hears({ type: 'granted', id: 1 });
    gate.resolve('done');
    await living.settle();
    expect(living.sent).toContainEqual({ type: 'release', id: 1 });
    await living.hears({ type: 'stop' });
    await living.hears({ type: 'abort' });
    expect(living.sent).toContainEqual({ type: 'release', id: 2 });
  });
});
