const none: readonly unknown[] = [];

/**
 * The results of an item, as a list: what `process` returned. Neither undefined nor null is a result, on its own or in an
 * array.
 */
export function rowsOf(result: unknown): readonly unknown[] {
  if (Array.isArray(result)) return result.filter(isRow);
  return isRow(result) ? [result] : none;
}

function isRow(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The result of an item in a pipeline without `process`: the item itself, even if it is an array or null. */
export function itself(item: unknown): readonly unknown[] {
  return [item];
}
