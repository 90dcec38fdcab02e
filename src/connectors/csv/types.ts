import type { ColumnType, KnownColumns } from '../../core/known-columns.ts';

/** The types that a column can be declared as. */
export const csvTypes = ['integer', 'number', 'boolean', 'date', 'json', 'text'] as const;

export type CsvType = (typeof csvTypes)[number];

const typeOf: Readonly<Record<CsvType, ColumnType>> = {
  text: 'text',
  date: 'text',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  json: 'any',
};

/** The columns that are declared: all of them, if `header` is a list. */
export function knownColumns(
  header: readonly string[] = [],
  types: Readonly<Record<string, CsvType>> = {},
): KnownColumns {
  const declared = Object.entries(types).map(([name, type]) => [name, typeOf[type]] as const);
  return {
    types: new Map<string, ColumnType>([...header.map((name) => [name, 'text'] as const), ...declared]),
    isComplete: header.length > 0,
  };
}
