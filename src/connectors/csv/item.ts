/** What the fields of `from.csv` are, and what they make of an item's type. */
import type { RecordFileFields } from '../record-file/fields.ts';
import type { CsvType } from './types.ts';

type TypeOf<Type> = Type extends 'integer' | 'number'
  ? number
  : Type extends 'boolean'
    ? boolean
    : Type extends 'json'
      ? unknown
      : string;

/** What a column that is not declared may be. */
type Undeclared<Types> = { readonly [Name in keyof Types]: TypeOf<Types[Name]> | null } & {
  readonly [column: string]: string | null;
};

/** A row: with the columns of `header`, or, if the file tells them, with any. */
export type CsvItem<Name extends string, Types> = string extends Name
  ? Undeclared<Types>
  : { readonly [Column in Name]: (Column extends keyof Types ? TypeOf<Types[Column]> : string) | null };

/** Types by column. */
export type CsvTypes = Readonly<Record<string, CsvType>>;

export interface CsvFields<Name extends string, Types> extends RecordFileFields {
  /** `true` (default): the first line names the columns. Or their names, for a file without such a line. */
  readonly header?: true | readonly Name[] | undefined;
  /** Columns that are not text. A text that is not of its type, or would lose digits, makes the row bad. */
  readonly types?: (Types & { readonly [Column in Exclude<keyof Types, Name>]: never }) | undefined;
  /** Between fields: one or more characters. Default `,`. */
  readonly delimiter?: string | undefined;
  /** Around fields: one ASCII character; false: quotes are text. Default `"`. */
  readonly quote?: string | false | undefined;
  /** Before a quote that is part of a quoted field. Default: the quote itself. */
  readonly escape?: string | undefined;
  /** What ends a record. Default `auto`: a line feed, a carriage return with a line feed, or, if the first line ends so, a carriage return. */
  readonly lineEnd?: string | undefined;
  /** Texts that stand for null where they are not quoted. Default: `['']`. */
  readonly nulls?: readonly string[] | undefined;
}
