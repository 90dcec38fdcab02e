import { configError } from '../../core/errors.ts';
import type { Text } from '../../values/text.ts';

/** Where records are: a path, or the stdin that the service was started with. */
export type Where<Path extends Text = string> = { readonly path: Path } | { readonly stdin: true };

/** `auto`: gzip if the first bytes say so. */
export type Compression = 'auto' | 'gzip' | 'none';

/** The name that is shown to people. */
export function nameOf<Path extends Text>(where: Where<Path>): Path | 'stdin' {
  return 'path' in where ? where.path : 'stdin';
}

/** The same with params filled in. Throws a configuration error if the result is not a path. */
export function resolvedWhere(where: Where<Text>, resolve: (text: Text) => string): Where {
  if (!('path' in where)) return where;
  const path = resolve(where.path);
  const problem = pathProblem(path);
  if (problem !== undefined) throw configError('SOURCE_FILE', `path: ${problem}, once its params are filled in`);
  return { path };
}

/** Why this cannot be a path; undefined if it can. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'expected text, got ""';
  return path.includes('\0') ? 'a path cannot hold a NUL character' : undefined;
}
