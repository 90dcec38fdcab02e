import { configError, type ErrorData, type MillraceError } from '../../core/errors.ts';
import { show } from '../../core/show.ts';
import type { Frame } from '../../frame/frame.ts';
import { textOfRecord } from '../../frame/record-text.ts';

/** A record that cannot be decoded, of a source that ends the run then: exit 78. */
export function badRecord(record: Frame, error: ErrorData): MillraceError {
  const { file, line, byte, text } = textOfRecord(record);
  const place = file === undefined ? '' : `${file}, line ${line}, byte ${byte}: `;
  return configError(
    'BAD_RECORD',
    `${place}${error.message}. The record: ${show(text.trimEnd())}. The source ends the run at a bad record (onBadRow: 'fail'). ` +
      "Correct the file and start over with --fresh; or set onBadRow: 'dead' and run the same command, and the record " +
      'becomes a dead letter.',
  );
}
