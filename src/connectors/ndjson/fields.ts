import type { Bigints } from '../../core/exact-json.ts';
import type { RecordFileFields } from '../record-file/fields.ts';
import type { StandardSchema } from './schema.ts';

export interface NdjsonFields<Item> extends RecordFileFields {
  /** What a whole number beyond 2^53 becomes: text (default), a BigInt, or the nearest number. */
  readonly bigints?: Bigints | undefined;
  /** Checks each item, and may change it: a schema of zod, valibot, arktype and others. */
  readonly schema?: StandardSchema<Item> | undefined;
}
