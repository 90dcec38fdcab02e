import type { Bigints } from '../../core/exact-json.ts';
import { expected, Fields, oneOf } from '../fields.ts';
import { fileOptions, type FileOptions } from '../record-file/options.ts';
import type { StandardSchema } from './schema.ts';

/** The checked options of `from.ndjson`. */
export interface NdjsonSettings extends FileOptions {
  readonly bigints: Bigints;
  readonly schema: StandardSchema<unknown> | undefined;
}

/** Throws a configuration error that names everything that is wrong. */
export function ndjsonSettings(options: unknown): NdjsonSettings {
  const fields = new Fields('from.ndjson', options);
  const file = fileOptions(fields);
  const bigints = fields.read<Bigints>('bigints', 'string', oneOf('string', 'bigint', 'number'));
  const schema = fields.read<StandardSchema<unknown> | undefined>('schema', undefined, (value) => {
    const { validate } = ((value as { '~standard'?: unknown } | null)?.['~standard'] ?? {}) as { validate?: unknown };
    if (typeof validate !== 'function') throw expected('a schema with ~standard (zod, valibot, arktype, …)', value);
    return value as StandardSchema<unknown>;
  });
  fields.done();
  return { ...file, bigints, schema };
}
