import { configError } from '../core/errors.ts';
import { isThenable } from '../core/thenable.ts';
import { shortCursor } from '../core/cursor-text.ts';
import type { Outlet, SourcePlace } from './outlet.ts';

/**
 * Hands an item to the outlet, with the source's place after it. Throws an error for exit 78 if the item cannot be
 * carried; the error names the item, which is the one at `at`.
 */
export function handOver(outlet: Outlet, item: unknown, place: SourcePlace, at: SourcePlace = place): void {
  try {
    if (isThenable(item)) throw new TypeError('the item is a promise; await it before yielding it');
    outlet.add(item, place);
  } catch (error) {
    const after = at.cursor === null ? '' : ` after the cursor ${shortCursor(at.cursor)}`;
    throw configError('ITEM', `item ${at.count}${after} of the source: ${(error as Error).message}`, error);
  }
}
