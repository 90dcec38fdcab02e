/** The fields of `from.csv`, and the type of an item that follows from them. */
import type { RecordFileFields } from '../record-file/fields.ts';
import type { CsvType } from './types.ts';

type TypeOf<Type> = Type extends 'integer' | 'number'
  ? number
  : Type extends 'boolean'
    ? boolean
    : Type extends 'json'
      ? unknown
      : string;

/** The possible values of a column that is not declared. */
type Undeclared<Types> = { readonly [Name in keyof Types]: TypeOf<Types[Name]> | null } & {
  readonly [column: string]: string | null;
};

/** A row, with the columns of `header`; if the file's first line names the columns, any column. */
export type CsvItem<Name extends string, Types> = string extends Name
  ? Undeclared<Types>
  : { readonly [Column in Name]: (Column extends keyof Types ? TypeOf<Types[Column]> : string) | null };

/** Types by column. */
export type CsvTypes = Readonly<Record<string, CsvType>>;

export interface CsvFields<Name extends string, Types> extends RecordFileFields {
  /** `true` (default): the first line names the columns. For a file without such a line: a list of the names. */
  readonly header?: true | readonly Name[] | undefined;
  /** Columns that are not text. A value that does not fit its type, or would lose digits, makes the row bad. */
  readonly types?: (Types & { readonly [Column in Exclude<keyof Types, Name>]: never }) | undefined;
  /** Separates fields: one or more characters. Default `,`. */
  readonly delimiter?: string | undefined;
  /** Encloses a field: one ASCII character. `false`: quotes are ordinary text. Default `"`. */
  readonly quote?: string | false | undefined;
  /** Precedes a quote inside a quoted field. Default: the quote itself. */
  readonly escape?: string | undefined;
  /**
   * What ends a record. Default `auto`: a line feed, with or without a carriage return before it, or a carriage return
   * alone if the first line ends with one.
   */
  readonly lineEnd?: string | undefined;
  /** Texts that mean null where they are not quoted. Default: `['']`. */
  readonly nulls?: readonly string[] | undefined;
}
