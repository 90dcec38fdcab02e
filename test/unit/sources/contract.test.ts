import { describe, expect, it } from '@jest/globals';
import { sourceContract, type SourceFeatures } from '../../../src/sources/contract.ts';
import type { Chunk, OpenContext, OpenSource } from '../../../src/sources/port.ts';
import { ASource } from '../../support/a-source.ts';

const features: SourceFeatures = { resumes: 'by cursor', yields: 'items', settles: true };

/** The names of the cases that fail for a source whose open sources are changed in this way. */
async function failedBy(
  change: (source: OpenSource, context: OpenContext, made: ASource) => object,
): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of sourceContract(features)) {
    const made = new ASource([[1, 2], [3], [4, 5, 6]]);
    const open = async (context: OpenContext): Promise<OpenSource> => {
      const source = await made.spec.open(context);
      return { ...source, ...change(source, context, made) };
    };
    const subject = {
      spec: { ...made.spec, open },
      items: [1, 2, 3, 4, 5, 6],
      taken: () => made.taken,
      settledItems: () => made.settled,
    };
    await run(() => subject).catch(() => failed.push(name));
  }
  return failed;
}

const all = async (source: OpenSource): Promise<Chunk[]> => {
  const chunks: Chunk[] = [];
  for await (const chunk of source.read()) chunks.push(chunk);
  return chunks;
};

describe('the contract of sources', () => {
  it('accepts a source that keeps every promise', async () => {
    expect(await failedBy(() => ({}))).toEqual([]);
  });

  it.each<[string, string, (source: OpenSource, context: OpenContext, made: ASource) => object]>([
    [
      'reads everything at once',
      'takes no more from its place while no chunk is requested',
      (source) => {
        const chunks = all(source);
        return {
          async *read() {
            yield* await chunks;
          },
        };
      },
    ],
    [
      'starts over when it is reopened',
      'resumes at any item, also in the middle of a chunk',
      (_source, context, made) => ({
        read: () => (made.spec.open({ ...context, cursor: undefined }) as OpenSource).read(),
      }),
    ],
    [
      'reports cursors that JSON changes',
      'reports cursors that are plain data',
      (source) => ({
        async *read() {
          for await (const chunk of source.read())
            yield { ...chunk, cursor: { ...Object(chunk.cursor), at: new Date(0) } };
        },
      }),
    ],
    [
      'ignores settled cursors',
      'deals with what is settled, in order, and with nothing else',
      () => ({ settled: () => undefined }),
    ],
    [
      'fails when it hears the same cursor again',
      'hears the same again without harm, in this process and in the next',
      (source, _context, made) => ({
        settled: (cursor: unknown) => {
          const before = made.settled;
          void source.settled!(cursor);
          if (made.settled === before) throw new Error('nothing left to settle');
        },
      }),
    ],
    [
      'cannot be closed',
      'closes after a stop while a chunk is being read',
      () => ({ close: () => Promise.reject(new Error('busy')) }),
    ],
  ])('refuses a source that %s', async (_, name, change) => {
    expect(await failedBy(change)).toContain(name);
  });
});

describe('the contract of endless sources', () => {
  /** The messages of the cases that fail for a source that waits after its last item, changed in this way. */
  async function problems({ says, ends }: { says: boolean; ends: boolean }): Promise<string[]> {
    const found = new Set<string>();
    for (const { run } of sourceContract({ ...features, endless: true })) {
      const made = new ASource([[1, 2], [3], [4, 5, 6]]);
      let wait: () => void = () => undefined;
      const open = async (context: OpenContext): Promise<OpenSource> => {
        const source = await made.spec.open(context);
        return {
          ...source,
          async *read() {
            yield* source.read();
            wait();
            if (!ends) await new Promise((stop) => context.signal.addEventListener('abort', stop));
          },
        };
      };
      const subject = {
        spec: { ...made.spec, endless: says, open },
        items: [1, 2, 3, 4, 5, 6],
        taken: () => made.taken,
        settledItems: () => made.settled,
        caughtUp: () => new Promise<void>((resolve) => (wait = ends ? () => undefined : resolve)),
      };
      await run(() => subject).catch(({ message }: Error) => found.add(message));
    }
    return [...found];
  }

  it('accepts one that waits for more', async () => {
    expect(await problems({ says: true, ends: false })).toEqual([]);
  });

  it('refuses one that ends', async () => {
    expect(await problems({ says: true, ends: true })).toEqual([
      'it has ended, although its specification says that it is endless',
    ]);
  });

  it('refuses one whose specification does not say so', async () => {
    const [problem] = await problems({ says: false, ends: false });
    expect(problem).toMatch(/^the specification says whether the source is endless/);
  });
});
