import type { Text } from '../../values/text.ts';
import type { SqlSettings } from '../sql-source/options.ts';

/** The checked options of `from.sqlite`. */
export interface SqliteSourceSettings extends SqlSettings {
  readonly file: Text;
  /** Where a relative `file` starts. */
  readonly directory: string;
}
