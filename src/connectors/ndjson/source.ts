import { defineSource, type SourceSpec } from '../../sources/port.ts';
import type { FileOrStdin } from '../record-file/fields.ts';
import { nameOf } from '../record-file/where.ts';
import type { NdjsonFields } from './fields.ts';
import { ndjsonSettings } from './options.ts';

/** Reads a file in which each line is one JSON value. The consumers parse the lines. See docs/connectors/ndjson.md. */
// oxlint-disable-next-line typescript/no-explicit-any -- nobody has said what is in the file
export function ndjson<Item = any>(options: FileOrStdin & NdjsonFields<Item>): SourceSpec<Item> {
  const settings = ndjsonSettings(options);
  return defineSource({
    kind: 'ndjson',
    target: nameOf(settings.where),
    options,
    resumes: 'by cursor',
    settles: false,
    onBadRecord: settings.onBadRow,
    open: async (context) => (await import('./reading.ts')).openNdjson(settings, context),
    openDecoder: async () => (await import('./reading.ts')).ndjsonDecoder(settings),
    check: async (context) => (await import('./reading.ts')).checkNdjson(settings, context),
  });
}
