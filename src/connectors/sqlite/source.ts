import { startDirectory } from '../../core/start-directory.ts';
import { defineSource, type SourceSpec } from '../../sources/port.ts';
import { isText, text, type Text } from '../../values/text.ts';
import { expected, Fields } from '../fields.ts';
import type { SqlSourceFields } from '../sql-source/fields.ts';
import { sqlSettings } from '../sql-source/options.ts';
import { filePathProblem } from './file-path.ts';
import type { SqliteSourceSettings } from './source-settings.ts';

export interface SqliteSourceOptions<Row> extends SqlSourceFields<Row> {
  /** The database file. A relative path starts at the directory in which the pipeline is run. */
  readonly file: Text;
}

/**
 * Rows of a SQLite table or query, in the order of a key. The file is opened read-only, and between two pages no
 * transaction is open. See docs/connectors/sqlite.md.
 */
export function sqlite<Row extends object = Record<string, unknown>>(
  options: SqliteSourceOptions<NoInfer<Row>>,
): SourceSpec<NoInfer<Row>> {
  const fields = new Fields('from.sqlite', options);
  if (!fields.has('file')) fields.problem('file: expected the path of a database file');
  const file = fields.read<Text>('file', '', checkFile);
  const settings: SqliteSourceSettings = { ...sqlSettings(fields), file, directory: startDirectory };
  fields.done();
  const { from } = settings;
  const columns = 'table' in from ? from.columns : undefined;
  return defineSource({
    kind: 'sqlite',
    target: 'table' in from ? text`${file}, table ${from.table}` : text`${file}, query`,
    options,
    ...(columns && { columns: { types: new Map(columns.map((name) => [name, 'any'])), isComplete: true } }),
    resumes: 'by cursor',
    settles: false,
    // better-sqlite3 is native code, which only a producer that reads should load.
    open: async (context) => (await import('./reading.ts')).openSource(settings, context),
    check: async (context) => (await import('./check-source.ts')).checkSource(settings, context),
  });
}

function checkFile(value: unknown): Text {
  if (!isText(value) || value === '') throw expected('the path of a database file', value);
  const problem = typeof value === 'string' ? filePathProblem(value) : undefined;
  if (problem !== undefined) throw new TypeError(problem);
  return value;
}
