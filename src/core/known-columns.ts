/** What is known of the properties of items before any is read. */
export interface KnownColumns {
  /** By name. */
  readonly types: ReadonlyMap<string, ColumnType>;
  /** Whether items have no other properties. */
  readonly isComplete: boolean;
}

/** What the values are, if they are not null. */
export type ColumnType = 'text' | 'number' | 'boolean' | 'any';

/** An option that names a column which items cannot have, or cannot have as it is needed. */
export interface ColumnProblem {
  readonly option: string;
  readonly problem: string;
}
