import { hasSecret, isText, type Text } from '../../values/text.ts';
import { expected, bytes, oneOf, type Fields } from '../fields.ts';
import { pathProblem, type Compression, type Where } from './where.ts';

/** The fields of all sources that read records from a file. */
export interface FileOptions {
  readonly where: Where<Text>;
  readonly compression: Compression;
  readonly onBadRow: 'dead' | 'fail';
  readonly maxItemBytes: number;
}

const defaultMaxItemBytes = 1024 * 1024;

export function fileOptions(fields: Fields): FileOptions {
  const path = fields.read<Text | undefined>('path', undefined, checkPath);
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

function checkPath(value: unknown): Text {
  if (!isText(value)) throw expected('text', value);
  // Paths are shown, and stored with bad rows.
  if (hasSecret(value))
    throw new TypeError('a path cannot hold a secret, because paths are logged and stored; use a param');
  const problem = typeof value === 'string' ? pathProblem(value) : undefined;
  if (problem !== undefined) throw new TypeError(problem);
  return value;
}
