import { pause, type Clock } from '../../../src/core/clock.ts';
import { DependencyError, PermanentError, RetryAfter } from '../../../src/core/errors.ts';
import type { ProcessContext } from '../../../src/pipeline/context.ts';

/** How an item behaves when it is processed. */
export const ways = [
  'at once',
  'soon',
  'slow',
  'fails first',
  'never',
  'nothing',
  'twice',
  'later',
  'waits',
  'unreachable',
  'limited',
  'limited, slow',
  'bad row',
  'hangs',
  'kills',
  'kills late',
  'kills all',
] as const;

export type Way = (typeof ways)[number];

export interface Item {
  id: number;
  way: Way;
  /** So that items differ in size. */
  text: string;
}

/** The rows of an item in the sink. */
export interface Row {
  seq: number;
  id: number;
  part: string;
}

/** A value that all sinks refuse. */
const badPart = NaN as unknown as string;

/** The parts of an item's final result; undefined if the item must become a dead letter. */
export function partsOf({ way }: Pick<Item, 'way'>): string[] | undefined {
  if (['never', 'bad row', 'hangs', 'kills', 'kills all', 'unreachable'].includes(way)) return undefined;
  if (way === 'nothing') return [];
  return way === 'twice' ? ['a', 'b'] : ['a'];
}

export interface Surroundings {
  clock: Clock;
  random: () => number;
  /** How many attempts an item gets. */
  attempts: number;
  /** A call that a vendor sees. */
  call: (limit: string, ms: number) => Promise<void>;
  /** Ends the process: at once, or after that many more externally visible actions. */
  die: (after: number) => void;
  /** The same for its supervisor as well. */
  dieTogether: () => void;
}

/** What the pipeline's `process` does with an item. */
export function processed(
  item: Item,
  context: ProcessContext,
  { clock, random, attempts, call, die, dieTogether }: Surroundings,
): unknown {
  const { seq, attempt, signal } = context;
  const rows = (partsOf(item) ?? []).map((part): Row => ({ seq, id: item.id, part }));
  switch (item.way) {
    case 'at once':
      return rows[0];
    case 'soon':
      return Promise.resolve().then(() => rows);
    case 'slow':
      return pause(clock, 5 + (item.id % 40), signal).then(() => rows);
    case 'fails first':
      if (attempt < Math.min(3, attempts)) throw new Error('not yet');
      return rows;
    case 'later':
      return pause(clock, 3).then(() => {
        if (random() < 0.4) return rows;
        throw new RetryAfter(7);
      });
    case 'waits':
      if (random() < 0.5) throw new DependencyError('the dependency is out');
      return rows;
    case 'unreachable':
      throw new DependencyError('no server answers');
    case 'never':
      throw new PermanentError('never');
    case 'limited':
      return context.limit('vendor', () => call('vendor', 2 + (item.id % 9))).then(() => rows);
    case 'limited, slow':
      return context.limit('vendor', () => call('vendor', 40 + (item.id % 90))).then(() => rows);
    case 'bad row':
      return { seq, id: item.id, part: badPart };
    case 'kills':
      die(0);
      return new Promise(() => undefined);
    case 'kills all':
      dieTogether();
      return new Promise(() => undefined);
    case 'kills late':
      die(1 + Math.floor(random() * 3));
      return rows;
    case 'hangs':
      return new Promise(() => undefined);
    case 'nothing':
      return undefined;
    case 'twice':
      return rows;
  }
}
