/** What is known about the properties of items before any item is read. */
export interface KnownColumns {
  /** By name. */
  readonly types: ReadonlyMap<string, ColumnType>;
  /** Whether items have no other properties. */
  readonly isComplete: boolean;
}

/** The type of the values that are not null. */
export type ColumnType = 'text' | 'number' | 'boolean' | 'any';

/** An option that names a column that items cannot have, or only with a type that does not fit. */
export interface ColumnProblem {
  readonly option: string;
  readonly problem: string;
}
