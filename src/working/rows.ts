const none: readonly unknown[] = [];

/** What an item comes to for the sink: what `process` returned, as a list, without undefined and null. */
export function rowsOf(result: unknown): readonly unknown[] {
  if (Array.isArray(result)) return result.filter(isRow);
  return isRow(result) ? [result] : none;
}

function isRow(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The `process` of a pipeline that has none: an item that is an array is one row, not several. */
export function asItIs(item: unknown): unknown {
  return [item];
}
