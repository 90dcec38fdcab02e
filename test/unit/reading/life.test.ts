import { describe, expect, it } from '@jest/globals';
import { to } from '../../../src/connectors/to.ts';
import { Redaction } from '../../../src/core/redaction.ts';
import { handle } from '../../../src/ipc/handlers.ts';
import type { ConfigureProducer, FromProducer, PipelineDescription, ToProducer } from '../../../src/ipc/messages.ts';
import type { SourceContext } from '../../../src/pipeline/context.ts';
import type { LoadedPipeline } from '../../../src/pipeline/load.ts';
import { pipelineMark, type Pipeline } from '../../../src/pipeline/types.ts';
import { producerLife } from '../../../src/reading/life.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { microtasks } from '../../support/microtasks.ts';

const description: PipelineDescription = {
  name: 'tested',
  limits: {},
  options: {},
  fingerprint: 'version 1',
  code: 'code 1',
  deterministic: true,
  sink: { kind: 'memory', delivery: 'transaction', target: 'memory', options: 'none' },
};

const configure: ConfigureProducer = {
  type: 'configure',
  name: 'tested',
  run: 'run-1',
  position: { cursor: null, count: 0, digest: null },
  throttled: false,
  frameItems: 10,
  frameBytes: 1000,
  windowBytes: 10_000,
  maxItemBytes: 1000,
  redact: [],
  beatMs: 1000,
  diesWithSupervisor: true,
};

/** A producer's life, of which the test is the supervisor. */
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
        redaction: new Redaction(),
        load: () => Promise.resolve(loaded ?? { pipeline, description, problems: [] }),
        onConfigured: () => undefined,
        onReady: () => undefined,
      },
    );
  }

  /** One that has described its pipeline and been configured. */
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
  it('describes, reads to the end, waits until all is stored, and goes when it is told', async () => {
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

  it('says what is wrong with its file', async () => {
    const problems = [{ file: '/tested.ts', message: 'no default export' }];
    const living = new Living([], { pipeline: null, description: null, problems });
    await living.hears({ type: 'describe', file: '/tested.ts' });
    expect(living.sent).toEqual([{ type: 'described', pipeline: null, problems }]);
  });

  it('cannot read what it has not described', async () => {
    const living = new Living([]);
    await living.hears(configure);
    expect(living.failures).toMatchObject([{ message: expect.stringContaining('has described nothing') }]);
  });

  it('whose source throws has what came before stored first', async () => {
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

  it('waits while the flag is up, from the first moment, and says so in its beat', async () => {
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

describe('a producer that is stopped', () => {
  it('has ended as soon as what it sent is stored, though its source waits for ever', async () => {
    const living = await Living.reading(async function* () {
      yield 1;
      await new Promise(() => {});
    });
    await living.hears({ type: 'stop' });
    expect(living.said).toEqual(['described', 'ready', 'frame']);
    await living.hears({ type: 'stored', frames: 1 });
    expect(living.said).toEqual(['described', 'ready', 'frame', 'ended']);
  });

  it('has ended although it is throttled', async () => {
    const living = await Living.reading(['a'], { throttled: true });
    await living.hears({ type: 'stop' });
    expect(living.said).toEqual(['described', 'ready', 'ended']);
  });

  it('is not blamed for what its source makes of the signal', async () => {
    const living = await Living.reading(async function* ({ signal }: SourceContext) {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      yield 1;
    });
    await living.hears({ type: 'stop' });
    expect([living.said.at(-1), living.failures]).toEqual(['ended', []]);
  });

  it('after its source has ended only says that it has ended once more', async () => {
    const living = await Living.reading(['a']);
    await living.hears({ type: 'stop' });
    await living.hears({ type: 'stored', frames: 1 });
    expect(living.said).toEqual(['described', 'ready', 'frame', 'end', 'ended', 'ended']);
    await living.hears({ type: 'bye' });
    await living.hears({ type: 'bye' });
    expect([living.hasLeft, living.failures]).toEqual([true, []]);
  });
});
