import { configError, type MillraceError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import { didYouMean } from '../../core/nearest.ts';
import { isText, type Text } from '../../values/text.ts';
import { filePathProblem } from './file-path.ts';
import { fold, identifierProblem } from './identifier.ts';

/** The checked options of the SQLite sink. */
export interface SqliteTarget {
  /** As written: relative to the directory that the process was started in. */
  readonly file: Text;
  /** In the order in which they are written. */
  readonly tables: readonly TableTarget[];
  /** Results are objects with rows by table, and not rows of a single table. */
  readonly isByTable: boolean;
}

export interface TableTarget {
  readonly table: string;
  /** Columns that identify a row. Empty: every result becomes a new row. */
  readonly key: readonly string[];
  /** Column → declared type; undefined: the first result decides. */
  readonly columns: Readonly<Record<string, string>> | undefined;
  /** A row with an existing key replaces the one in the table unless its value in this column is lower. */
  readonly newest: string | undefined;
}

/** The same with params and secrets filled in. */
export interface ResolvedTarget extends SqliteTarget {
  /** Absolute. */
  readonly file: string;
}

/** One of its tables, in a process that has opened the sink. */
export interface OpenTarget extends TableTarget {
  readonly file: string;
  /** Whether this value of a column of this name is a secret, which no error may show. */
  readonly isSecret: (name: string, value: unknown) => boolean;
}

/**
 * A declared type: words and, in parentheses, numbers. Types cannot be bound or quoted, so a type must contain nothing
 * that could end the definition of its column: no quotes, no semicolon, no expression, no comma outside parentheses.
 */
const typePattern = /^[a-z]\w*( ?\([\d, ]*\d\)| \w+)*$/i;

const ofTable = ['key', 'columns', 'newest'];
const known = ['file', 'table', ...ofTable, 'tables'];

/**
 * Checks the options of `to.sqlite()`. Throws a configuration error with a line for each wrong option, which it names.
 */
export function checkOptions(options: unknown): SqliteTarget {
  if (!isRecord(options)) throw wrong(['expected { file, table, … }']);
  const findings = new Findings();
  findings.add(unknownOptions(options, known));
  const file = findings.take(() => checkFile(options['file'])) ?? '';
  const { tables } = options;
  const targets =
    tables === undefined ? [checkTarget(findings, '', options['table'], options)] : checkTables(findings, options);
  if (findings.problems.length > 0) throw wrong(findings.problems);
  return { file, tables: targets, isByTable: tables !== undefined };
}

function checkTables(findings: Findings, options: Record<string, unknown>): TableTarget[] {
  const { tables } = options;
  const both = ['table', ...ofTable].filter((name) => options[name] !== undefined);
  if (both.length > 0) findings.add([`expected ${both.join(', ')} inside tables: { name: { … } }, got both`]);
  if (!isRecord(tables) || Object.keys(tables).length === 0) {
    findings.add(["tables: expected at least one, such as { books: { key: 'id' } }"]);
    return [];
  }
  findings.take(() => withoutDoubles('tables', Object.keys(tables)));
  return Object.entries(tables).map(([name, given]) => {
    const place = `tables: "${name}": `;
    if (!isRecord(given)) findings.add([`${place}expected { key, columns, newest }, or {}`]);
    else findings.add(unknownOptions(given, ofTable).map((problem) => place + problem));
    return checkTarget(findings, place, name, Object(given) as Record<string, unknown>);
  });
}

/** `place` comes before each problem. */
function checkTarget(findings: Findings, place: string, name: unknown, given: Record<string, unknown>): TableTarget {
  const checked = <T>(check: () => T): T | undefined => findings.take(check, place);
  const table = checked(() => checkTable(name));
  const key = checked(() => checkKey(given['key']));
  const columns = checked(() => checkColumns(given['columns']));
  const newest = checked(() => checkNewest(given['newest'], key ?? []));
  const declared = columns && Object.keys(columns).map(fold);
  for (const column of declared && key ? [...key, newest ?? []].flat() : []) {
    if (declared?.includes(fold(column))) continue;
    const option = column === newest ? 'newest' : 'key';
    findings.add([`${place}${option}: "${column}" is not among the columns; add its type there`]);
  }
  return { table: table ?? '', key: key ?? [], columns, newest };
}

/** Everything that is wrong, in the order in which it was found. */
class Findings {
  readonly problems: string[] = [];

  add(problems: readonly string[]): void {
    this.problems.push(...problems);
  }

  /** The result of `check`; undefined if it throws a problem. */
  take<T>(check: () => T, place = ''): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      this.problems.push(place + error.message);
      return undefined;
    }
  }
}

function unknownOptions(options: object, names: readonly string[]): string[] {
  return Object.keys(options)
    .filter((name) => !names.includes(name))
    .map((name) => `unknown option ${name}${didYouMean(name, names) || `; the options are ${names.join(', ')}`}`);
}

function checkNewest(newest: unknown, key: readonly string[]): string | undefined {
  if (newest === undefined) return undefined;
  const problem = identifierProblem(newest);
  if (problem !== undefined) throw new Wrong(`newest: ${problem}`);
  if (key.length === 0) throw new Wrong('newest: expected a key as well; without one no row is ever replaced');
  return newest as string;
}

/** The path of a file, once its params and secrets are filled in. Throws as `checkOptions` does. */
export function checkPath(file: string): string {
  try {
    checkFile(file);
    return file;
  } catch (error) {
    throw error instanceof Wrong ? wrong([error.message]) : error;
  }
}

function checkFile(file: unknown): Text {
  if (typeof file !== 'string' && isText(file)) return file;
  if (typeof file !== 'string') throw new Wrong('file: expected the path of a database file');
  const problem = filePathProblem(file);
  if (problem !== undefined) throw new Wrong(`file: ${problem}`);
  return file;
}

function checkTable(table: unknown): string {
  const problem = identifierProblem(table);
  if (problem !== undefined) throw new Wrong(`table: ${problem}`);
  const name = table as string;
  if (/^(millrace|sqlite)_/i.test(name)) {
    throw new Wrong(
      `table: names beginning with millrace_ or sqlite_ are reserved, got "${name}"; choose another name`,
    );
  }
  return name;
}

function checkKey(key: unknown): string[] {
  if (key === undefined) return [];
  const names: unknown[] = Array.isArray(key) ? key : [key];
  if (names.length === 0)
    throw new Wrong('key: expected at least one column; leave the option out for a table without a key');
  for (const name of names) {
    const problem = identifierProblem(name);
    if (problem !== undefined) throw new Wrong(`key: ${problem}`);
  }
  return withoutDoubles('key', names as string[]);
}

function checkColumns(columns: unknown): Record<string, string> | undefined {
  if (columns === undefined) return undefined;
  if (!isRecord(columns)) throw new Wrong("columns: expected { name: 'SQL type', … }");
  const checked = Object.entries(columns);
  if (checked.length === 0)
    throw new Wrong('columns: expected at least one; leave the option out to use the columns of the first result');
  for (const [name, type] of checked) {
    const problem = identifierProblem(name);
    if (problem !== undefined) throw new Wrong(`columns: ${problem}`);
    if (typeof type !== 'string' || !typePattern.test(type)) {
      const got = typeof type === 'string' ? `"${type}"` : `a ${type === null ? 'null' : typeof type}`;
      throw new Wrong(
        `columns: "${name}": expected a type such as INTEGER, TEXT NOT NULL or DECIMAL(10, 2), got ${got}`,
      );
    }
  }
  withoutDoubles('columns', Object.keys(columns));
  return Object.fromEntries(checked) as Record<string, string>;
}

function withoutDoubles(option: string, names: string[]): string[] {
  const double = names.find((name, i) => names.findIndex((other) => fold(other) === fold(name)) < i);
  if (double === undefined) return names;
  throw new Wrong(`${option}: "${double}" is named twice (SQLite ignores the case of names)`);
}

/** One option is wrong. */
class Wrong extends Error {}

function wrong(problems: readonly string[]): MillraceError {
  return configError('SINK_OPTIONS', problems.map((problem) => `to.sqlite(): ${problem}`).join('\n'));
}
