import { cursorText } from '../../core/cursor-text.ts';
import { configError, type MillraceError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import { didYouMean } from '../../core/nearest.ts';
import { show } from '../../core/show.ts';

/** What a poll has found: a page is known at once, a feed yields its items one by one. */
export type Polled =
  | { readonly kind: 'page'; readonly items: readonly unknown[]; readonly cursor?: string | undefined }
  | { readonly kind: 'feed'; readonly feed: Iterable<unknown> | AsyncIterable<unknown> };

const fieldsOfPage = ['items', 'cursor'];

/**
 * Checks what `read` returned, which comes from the pipeline and can be anything. The cursor becomes JSON. Throws an
 * error for exit 78.
 */
export function checkedPolled(value: unknown): Polled {
  if (Array.isArray(value)) return { kind: 'page', items: value };
  if (typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)) {
    return { kind: 'feed', feed: value as Iterable<unknown> };
  }
  if (value === undefined) throw wrong('nothing; return [] if there is nothing new');
  if (!isRecord(value) || !('items' in value)) throw wrong(show(value));
  const { items, cursor } = value;
  if (!Array.isArray(items)) throw wrong(`items that are ${show(items)} and not an array`);
  const unknown = Object.keys(value).find((field) => !fieldsOfPage.includes(field));
  if (unknown !== undefined) throw wrong(`an unknown field ${unknown}${didYouMean(unknown, fieldsOfPage)}`);
  return { kind: 'page', items, cursor: cursor === undefined ? undefined : textOf(cursor) };
}

function textOf(cursor: unknown): string {
  try {
    return cursorText(cursor, 'read');
  } catch (error) {
    throw configError('SOURCE', `from.poll: ${(error as Error).message}`, error);
  }
}

function wrong(got: string): MillraceError {
  return configError(
    'SOURCE',
    `from.poll: expected read to return items (an array, a generator…) or { items, cursor }, got ${got}`,
  );
}
