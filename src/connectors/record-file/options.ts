import { expected, bytes, oneOf, text, type Fields } from '../fields.ts';
import type { Compression, Where } from './where.ts';

/** The fields of all sources that read records from a file. */
export interface FileOptions {
  readonly where: Where;
  readonly compression: Compression;
  readonly onBadRow: 'dead' | 'fail';
  readonly maxItemBytes: number;
}

const defaultMaxItemBytes = 1024 * 1024;

export function fileOptions(fields: Fields): FileOptions {
  const path = fields.read<string | undefined>('path', undefined, (value) => {
    if (text(value).includes('\0')) throw new TypeError('a path cannot hold a NUL character');
    return value as string;
  });
  const stdin = fields.read<true | undefined>('stdin', undefined, (value) => {
    if (value !== true) throw expected('true', value);
    return true;
  });
  const isOne = (path === undefined) !== (stdin === undefined);
  if (!isOne) fields.problem('expected either path or stdin: true');
  fields.read('encoding', 'utf-8', oneOf('utf-8'));
  return {
    where: path === undefined ? { stdin: true } : { path },
    compression: fields.read<Compression>('compression', 'auto', oneOf('auto', 'gzip', 'none')),
    onBadRow: fields.read<'dead' | 'fail'>('onBadRow', 'dead', oneOf('dead', 'fail')),
    maxItemBytes: fields.read('maxItemBytes', defaultMaxItemBytes, bytes),
  };
}
