import { didYouMean } from '../../core/nearest.ts';
import { describeValue } from '../../sinks/describe-value.ts';
import { isPlainObject } from '../../sinks/plain-object.ts';
import { BadRow, type SinkContext } from '../../sinks/port.ts';
import type { Captured } from './captured-row.ts';
import type { Database } from './database.ts';
import type { ResolvedTarget } from './options.ts';
import { ResultTable } from './table.ts';

/**
 * The tables to which results are written. A result is a row of the only table or, with the option `tables`, an object
 * with rows by table. All methods but `capture` run inside a transaction of the caller.
 */
export class ResultTables {
  /** Their names in messages. */
  readonly label: string;
  readonly #tables: readonly ResultTable[];
  readonly #byName: ReadonlyMap<string, ResultTable> | undefined;
  readonly #otherTables: SinkContext['otherTables'];

  constructor(
    db: Database,
    { file, tables, isByTable }: ResolvedTarget,
    { otherTables, isSecret }: Pick<SinkContext, 'otherTables' | 'isSecret'>,
  ) {
    const names = tables.map(({ table }) => `"${table}"`).join(', ');
    this.label = `${tables.length === 1 ? 'table' : 'tables'} ${names}`;
    this.#tables = tables.map((target) => new ResultTable(db, { ...target, file, isSecret }));
    this.#byName = isByTable ? new Map(tables.map(({ table }, i) => [table, this.#tables[i]!])) : undefined;
    this.#otherTables = otherTables;
  }

  /** Like `SinkWriter.capture`. */
  capture(result: unknown, captured: Captured[]): void {
    if (this.#byName === undefined) this.#tables[0]!.capture(result, captured);
    else this.#captureByTable(result, captured, this.#byName);
  }

  /** Table by table, so that rows exist before rows that refer to them. */
  write(captured: readonly Captured[]): void {
    if (captured.length > 0) for (const table of this.#tables) table.write(captured);
  }

  /** The transaction was rolled back. */
  forget(): void {
    for (const table of this.#tables) table.forget();
  }

  #captureByTable(result: unknown, captured: Captured[], byName: ReadonlyMap<string, ResultTable>): void {
    const names = [...byName.keys()];
    if (!isPlainObject(result)) {
      throw new BadRow(`expected an object with rows by table (${names.join(', ')}), got ${describeValue(result)}`);
    }
    for (const name of Object.keys(result)) {
      const table = byName.get(name);
      const rows = result[name];
      if (table === undefined) this.#requireElsewhere(name, names);
      else if (Array.isArray(rows)) for (const row of rows as unknown[]) table.capture(row, captured);
      else if (rows !== undefined && rows !== null) table.capture(rows, captured);
    }
  }

  #requireElsewhere(name: string, own: readonly string[]): void {
    if (this.#otherTables === 'any' || this.#otherTables.includes(name)) return;
    const known = [...own, ...this.#otherTables];
    throw new BadRow(
      `no table of the sink is called "${name}"${didYouMean(name, known) || `; it has ${known.join(', ')}`}`,
    );
  }
}
