import { configError, type MillraceError } from '../../core/errors.ts';
import { didYouMean } from '../../core/nearest.ts';
import { fold, identifierProblem } from './identifier.ts';

/** What the SQLite sink does, checked. */
export interface SqliteTarget {
  /** As written: relative to the folder that the process was started in. */
  readonly file: string;
  readonly table: string;
  /** Columns that tell rows apart; none: every result is a row of its own. */
  readonly key: readonly string[];
  /** Column → declared type; undefined: the first result tells. */
  readonly columns: Readonly<Record<string, string>> | undefined;
}

/** The same in a process that has opened the sink. */
export interface OpenTarget extends SqliteTarget {
  /** Whether this value of a column of this name is a secret, which no error may show. */
  readonly isSecret: (name: string, value: unknown) => boolean;
}

/**
 * A declared type: words and, in parentheses, numbers. Types cannot be bound or quoted, so nothing goes in that could
 * end the definition of its column: no quotes, no semicolon, no expression, no comma outside parentheses.
 */
const typePattern = /^[a-z]\w*( ?\([\d, ]*\d\)| \w+)*$/i;

const known = ['file', 'table', 'key', 'columns'];

/** Checks what was given to `to.sqlite()`. Throws a configuration error with a line for each wrong option, which it names. */
export function checkOptions(options: unknown): SqliteTarget {
  if (typeof options !== 'object' || options === null) throw wrong('expected { file, table, … }');
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  const problems: string[] = [];
  const checked = <T>(check: () => T): T | undefined => {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  for (const name of unknown) {
    problems.push(`no option is called ${name}${didYouMean(name, known) || `; there are ${known.join(', ')}`}`);
  }
  const given = options as Record<string, unknown>;
  const file = checked(() => checkFile(given['file']));
  const table = checked(() => checkTable(given['table']));
  const key = checked(() => checkKey(given['key']));
  const columns = checked(() => checkColumns(given['columns']));
  const declared = columns && Object.keys(columns).map(fold);
  for (const name of declared && key ? key : []) {
    if (!declared?.includes(fold(name))) problems.push(`key: "${name}" is not among the columns; add its type there`);
  }
  if (problems.length > 0) throw wrong(...problems);
  return { file: file!, table: table!, key: key!, columns };
}

function checkFile(file: unknown): string {
  if (typeof file !== 'string' || file === '') throw new Wrong('file: expected the path of a database file');
  if (file === ':memory:' || file.startsWith('file:')) {
    throw new Wrong(`file: expected a path, got "${file}"; results need a file to be kept`);
  }
  if (file.includes('\0')) throw new Wrong('file: a path cannot hold a NUL character');
  // better-sqlite3 would open another file: the name without it.
  if (file !== file.trim()) throw new Wrong(`file: "${file}" begins or ends with white space; rename the file`);
  return file;
}

function checkTable(table: unknown): string {
  const problem = identifierProblem(table);
  if (problem !== undefined) throw new Wrong(`table: ${problem}`);
  const name = table as string;
  if (/^(millrace|sqlite)_/i.test(name)) {
    throw new Wrong(`table: names beginning with millrace_ or sqlite_ are taken, got "${name}"; choose another`);
  }
  return name;
}

function checkKey(key: unknown): string[] {
  if (key === undefined) return [];
  const names: unknown[] = Array.isArray(key) ? key : [key];
  if (names.length === 0) throw new Wrong('key: expected at least one column; leave it out for a table without a key');
  for (const name of names) {
    const problem = identifierProblem(name);
    if (problem !== undefined) throw new Wrong(`key: ${problem}`);
  }
  return withoutDoubles('key', names as string[]);
}

function checkColumns(columns: unknown): Record<string, string> | undefined {
  if (columns === undefined) return undefined;
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) {
    throw new Wrong("columns: expected { name: 'SQL type', … }");
  }
  const checked = Object.entries(columns as Record<string, unknown>);
  if (checked.length === 0)
    throw new Wrong('columns: expected at least one; leave it out to let the first result tell');
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

function wrong(...problems: readonly string[]): MillraceError {
  return configError('SINK_OPTIONS', problems.map((problem) => `to.sqlite(): ${problem}`).join('\n'));
}
