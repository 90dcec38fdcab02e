/** Where records are: a path, or what the service was started with as its stdin. */
export type Where = { readonly path: string } | { readonly stdin: true };

/** `auto`: gzip if the first bytes say so. */
export type Compression = 'auto' | 'gzip' | 'none';

/** The name under which people know it. */
export function nameOf(where: Where): string {
  return 'path' in where ? where.path : 'stdin';
}
