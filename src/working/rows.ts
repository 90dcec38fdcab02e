const none: readonly unknown[] = [];

/**
 * What an item comes to for the sink: what `process` returned, as a list. Neither undefined nor null is a result, on its
 * own or in an array.
 */
export function rowsOf(result: unknown): readonly unknown[] {
  if (Array.isArray(result)) return result.filter(isRow);
  return isRow(result) ? [result] : none;
}

function isRow(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** What an item comes to in a pipeline without `process`: itself, also if it is an array or null. */
export function itself(item: unknown): readonly unknown[] {
  return [item];
}
