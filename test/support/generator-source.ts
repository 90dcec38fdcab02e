import { Reader } from '../../src/reading/reader.ts';
import type { Outlet } from '../../src/reading/outlet.ts';
import type { SourceContext } from '../../src/pipeline/context.ts';
import { defineSource, type Chunk, type OpenContext, type SourceSpec } from '../../src/sources/port.ts';

interface Generator {
  source: (context: SourceContext) => Iterable<unknown> | AsyncIterable<unknown>;
  /** It calls `checkpoint`. */
  hasCheckpoints: boolean;
}

/** A generator function as a source of the port: the engine's reader reads it, one item for each chunk. */
export function generatorSource({ source, hasCheckpoints }: Generator): SourceSpec {
  return defineSource({
    kind: 'generator',
    target: 'a generator function',
    resumes: hasCheckpoints ? 'by cursor' : 'by count',
    settles: false,
    open: (context) => ({ read: () => chunks(source, context) }),
  });
}

async function* chunks(source: Generator['source'], context: OpenContext): AsyncGenerator<Chunk> {
  const arrived: Chunk[] = [];
  let lower: () => void = () => undefined;
  let arrive: () => void = () => undefined;
  // Its throttle is on whenever a chunk has arrived and has not been taken.
  const throttle = {
    get isOn() {
      return arrived.length > 0;
    },
    lowered: () => new Promise<void>((resolve) => (lower = resolve)),
  };
  const add = (chunk: Chunk): void => {
    arrived.push(chunk);
    arrive();
  };
  const outlet: Pick<Outlet, 'add' | 'covered' | 'isFull' | 'hasSpace'> = {
    isFull: false,
    hasSpace: () => Promise.resolve(),
    add: (item) => add({ items: [item] }),
    covered: ({ cursor }) => add({ items: [], cursor: JSON.parse(cursor!) as unknown }),
  };
  const reader = new Reader({
    clock: context.clock,
    position: { cursor: context.cursor === undefined ? null : JSON.stringify(context.cursor), count: 0, digest: null },
    deterministic: true,
    outlet: outlet as Outlet,
    throttle,
    open: (cursor, checkpoint) => source({ ...context, cursor, checkpoint }),
  });
  let isOver = false;
  const reading = reader.read().finally(() => {
    isOver = true;
    arrive();
  });
  reading.catch(() => undefined); // It is awaited at the end.
  try {
    for (;;) {
      if (arrived.length === 0 && !isOver) await new Promise<void>((resolve) => (arrive = resolve));
      const chunk = arrived.shift();
      if (chunk === undefined) break;
      yield chunk;
      if (arrived.length === 0) lower();
    }
    await reading;
  } finally {
    reader.stop();
    lower();
  }
}
