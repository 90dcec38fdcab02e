/** The pipelines that are tortured if the user names none. Their items behave in many different ways. */
import { pause, systemClock } from '../core/clock.ts';
import { PermanentError } from '../core/errors.ts';
import { to } from '../connectors/to.ts';
import { definePipeline } from '../pipeline/define.ts';
import type { ProcessContext } from '../pipeline/context.ts';
import type { Pipeline } from '../pipeline/types.ts';

export const bundledSinks = ['sqlite', 'stdout'] as const;
export type BundledSink = (typeof bundledSinks)[number];

export const bundledItems = 2500;

interface Item {
  id: number;
  text: string;
  at: Date;
}

/** A pipeline with `bundledItems` items: into a table, resumed by count; or into lines, resumed from cursors. */
export function bundledPipeline(kind: BundledSink): Pipeline {
  const sink = kind === 'sqlite' ? to.sqlite({ file: 'torture.db', table: 'results' }) : to.stdout();
  return definePipeline<Item, unknown, undefined, number>({
    name: `torture-${kind}`,
    options: {
      consumers: 3,
      concurrency: 4,
      queueHighItems: 300,
      frameItems: 16,
      retryBase: '20ms',
      retryCap: '200ms',
    },
    async *source({ cursor, checkpoint }) {
      for (let id = (cursor ?? 0) + 1; id <= bundledItems; id++) {
        if (id % 10 === 0) await pause(systemClock, 4);
        yield { id, text: `item ${id} ${'·'.repeat(id % 200)}`, at: new Date(id * 1000) };
        if (kind === 'stdout' && id % 70 === 0) checkpoint(id);
      }
    },
    process,
    sink: sink as never,
  });
}

/** Usually one row; sometimes none or two, or a failure, in the first attempt or in all of them. */
async function process(item: Item, { attempt }: ProcessContext): Promise<unknown> {
  const { id } = item;
  if (id % 3 !== 0) await pause(systemClock, id % 23);
  if (id % 31 === 0 && attempt === 1) throw new Error('not at the first attempt');
  if (id % 199 === 0) throw new PermanentError('this item never succeeds');
  if (id % 13 === 0) return undefined;
  const row = { ...item, attempt };
  return id % 11 === 0 ? [row, { ...row, text: 'and another' }] : row;
}
