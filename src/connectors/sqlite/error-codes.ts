/** The code of an error of SQLite itself ('SQLITE_BUSY'); undefined for any other error. */
export function sqliteCodeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

/**
 * Whether the code means that the file or the connection does not work at the moment: a closed list of temporary
 * conditions.
 */
export function isOutage(code: string): boolean {
  return /^SQLITE_(BUSY|LOCKED|PROTOCOL|FULL|IOERR|READONLY|CANTOPEN|PERM|NOLFS|NOMEM|INTERRUPT|SCHEMA)/.test(code);
}

/** Whether the code means that the file is not, or is no longer, an intact database. */
export function isDamage(code: string): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(code);
}
