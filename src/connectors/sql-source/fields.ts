import type { Bigints } from '../../core/exact-json.ts';
import type { Duration } from '../../pipeline/options.ts';
import type { Secret } from '../../values/secret.ts';
import type { Text } from '../../values/text.ts';

type ColumnOf<Row> = keyof Row & string;

/** A value that is bound to a name in SQL. It never becomes part of the SQL text. */
export type BoundValue = Text | number | bigint | null;

/** What is read, and in which order: the fields that all SQL sources share. */
export interface SqlSourceFields<Row> {
  /** A table or view, by its exact name. Either this or `query`. */
  readonly table?: string | undefined;
  /** One SELECT. Needs a `key`. */
  readonly query?: string | undefined;
  /** Values for `:name` in `query` or `where`. */
  readonly params?: Readonly<Record<string, BoundValue>> | undefined;
  /** With `table`: the columns that items have. Default: all. */
  readonly columns?: readonly ColumnOf<Row>[] | undefined;
  /** With `table`: an SQL condition. */
  readonly where?: string | undefined;
  /** The columns that identify a row, in the order in which rows are read. Default: the table's primary key. */
  readonly key?: ColumnOf<Row> | readonly ColumnOf<Row>[] | undefined;
  /** Each run reads only rows that are new since the last finished run. */
  readonly incremental?: IncrementalFields<Row> | undefined;
  /** The largest number of rows that one query reads. Default 1000. */
  readonly page?: number | undefined;
  /** What an integer beyond 2^53 becomes. Default `string`. */
  readonly bigints?: Bigints | undefined;
}

interface IncrementalFields<Row> {
  /** A column whose value rises with every new or changed row. */
  readonly cursor: ColumnOf<Row>;
  /** The lowest value that any run reads. */
  readonly start?: Bound | undefined;
  /** Rows with this value or a higher one are not read. */
  readonly end?: Bound | undefined;
  /**
   * How far before its last value the next run begins. A duration if the cursor is a date or time as text; a number in the
   * cursor's own unit if it is a number. Default 0.
   */
  readonly lag?: Duration | undefined;
  /** What happens if the cursor of a row is NULL. Default `error`. */
  readonly nullCursor?: NullCursor | undefined;
}

/** `include`: the row is read in every run, after the others. */
export type NullCursor = 'error' | 'include' | 'skip';

/** It may hold params, but no secrets: errors show it. */
export type Bound = Exclude<Text, Secret> | number | bigint;
