import type { ByteSize } from '../../pipeline/options.ts';
import type { Secret } from '../../values/secret.ts';
import type { Text } from '../../values/text.ts';

/** A file, or the stdin that the service was started with. */
export type FileOrStdin =
  { readonly path: Path; readonly stdin?: undefined } | { readonly stdin: true; readonly path?: undefined };

/** It may hold params, but no secrets: paths are logged and stored. */
type Path = Exclude<Text, Secret>;

/** The fields of all sources that read records from a file. */
export interface RecordFileFields {
  /** Default `utf-8`, the only one so far. */
  readonly encoding?: 'utf-8' | undefined;
  /** Default `auto`: gzip if the file's first bytes say so. */
  readonly compression?: 'auto' | 'gzip' | 'none' | undefined;
  /** What happens to a row that cannot be read: it becomes a dead letter (default), or it ends the run. */
  readonly onBadRow?: 'dead' | 'fail' | undefined;
  /** A longer record becomes a dead letter that shows its beginning. Default 1MiB. */
  readonly maxItemBytes?: ByteSize | undefined;
}
