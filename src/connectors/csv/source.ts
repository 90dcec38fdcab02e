import { defineSource, type SourceSpec } from '../../sources/port.ts';
import type { FileOrStdin } from '../record-file/fields.ts';
import { nameOf } from '../record-file/where.ts';
import type { CsvFields, CsvItem, CsvTypes } from './item.ts';
import { csvSettings } from './options.ts';
import { knownColumns } from './types.ts';

/**
 * Rows of a CSV file, as objects. The producer only finds where records end; the consumers parse them. See
 * docs/connectors/csv.md.
 */
export function csv<const Name extends string = string, const Types extends CsvTypes = Record<never, never>>(
  options: FileOrStdin & CsvFields<Name, Types>,
): SourceSpec<CsvItem<Name, Types>> {
  const settings = csvSettings(options);
  return defineSource({
    kind: 'csv',
    target: nameOf(settings.where),
    options,
    columns: knownColumns(settings.header, settings.types),
    resumes: 'by cursor',
    settles: false,
    onBadRecord: settings.onBadRow,
    open: async (context) => (await import('./reading.ts')).openCsv(settings, context),
    openDecoder: async (context) => (await import('./reading.ts')).csvDecoders(context),
    check: async (context) => (await import('./reading.ts')).checkCsv(settings, context),
  });
}
