import { isRecord } from '../../core/is-record.ts';
import { didYouMean } from '../../core/nearest.ts';
import { show } from '../../core/show.ts';
import { expected, Fields, listOf, oneOf, text } from '../fields.ts';
import { fileOptions, type FileOptions } from '../record-file/options.ts';
import type { Dialect } from './dialect.ts';
import { columnNames } from './header.ts';
import { csvTypes, type CsvType } from './types.ts';

/** The checked options of `from.csv`. */
export interface CsvSettings extends FileOptions {
  /** `lineEnd` is `auto` until the file is open. */
  readonly dialect: Dialect;
  /** Undefined: the file's first line names them. */
  readonly header: readonly string[] | undefined;
  readonly types: Readonly<Record<string, CsvType>>;
  readonly nulls: readonly string[];
}

/** The longest text that may end a line. */
const longestLineEnd = 16;

/** Throws a configuration error that names everything that is wrong. */
export function csvSettings(options: unknown): CsvSettings {
  const fields = new Fields('from.csv', options);
  const file = fileOptions(fields);
  const header = fields.read<readonly string[] | undefined>('header', undefined, (value) =>
    value === true ? undefined : columnNames(listOf('true, or the names of the columns', text)(value)),
  );
  const quote = fields.read<string | null>('quote', '"', (value) => (value === false ? null : asciiCharacter(value)));
  const escape = fields.read('escape', quote, asciiCharacter);
  if (quote === null && escape !== null) fields.problem('escape: expected none, because quote is false');
  const delimiter = fields.read('delimiter', ',', text);
  const lineEnd = fields.read('lineEnd', 'auto', text);
  checkApart(fields, { delimiter, quote, escape, lineEnd });
  const types = fields.read<Readonly<Record<string, CsvType>>>('types', {}, checkTypes);
  if (header !== undefined) {
    for (const name of unknownColumns(types, header)) fields.problem(`types: ${name}`);
  }
  const nulls = fields.read('nulls', [''], listOf('a list of texts', anyText));
  fields.done();
  return { ...file, dialect: { delimiter, quote, escape, lineEnd }, header, types, nulls };
}

/** One line for each column of `types` that is not in `header`. */
export function unknownColumns(types: Readonly<Record<string, CsvType>>, header: readonly string[]): string[] {
  return Object.keys(types)
    .filter((name) => !header.includes(name))
    .map(
      (name) => `unknown column ${show(name)}${didYouMean(name, header) || `; the columns are ${header.join(', ')}`}`,
    );
}

function checkTypes(value: unknown): Record<string, CsvType> {
  if (!isRecord(value)) throw expected('{ column: type }', value);
  const check = oneOf(...csvTypes);
  return Object.fromEntries(
    Object.entries(value).map(([name, type]) => {
      try {
        return [name, check(type)];
      } catch (error) {
        throw new TypeError(`${show(name)}: ${(error as Error).message}`, { cause: error });
      }
    }),
  );
}

function asciiCharacter(value: unknown): string {
  if (typeof value !== 'string' || value.length !== 1 || value > '\x7f' || '\0\r\n'.includes(value)) {
    throw expected('one ASCII character', value);
  }
  return value;
}

function anyText(value: unknown): string {
  if (typeof value !== 'string') throw expected('text', value);
  return value;
}

/** Delimiters, quotes and line ends are recognised by their first character, so these must differ. */
function checkApart(fields: Fields, { delimiter, quote, escape, lineEnd }: Dialect): void {
  const ends = lineEnd === 'auto' ? '\r\n' : lineEnd;
  const shares = (a: string, b: string): boolean => Array.from(a).some((character) => b.includes(character));
  const quotes = `${quote ?? ''}${escape ?? ''}`;
  if (ends.length > longestLineEnd) fields.problem(`lineEnd: expected at most ${longestLineEnd} characters`);
  if (shares(delimiter, ends)) fields.problem('delimiter: expected no character that ends a line');
  if (shares(delimiter, quotes)) fields.problem('delimiter: expected no character that is quote or escape');
  if (shares(ends, quotes)) fields.problem('lineEnd: expected no character that is quote or escape');
}
