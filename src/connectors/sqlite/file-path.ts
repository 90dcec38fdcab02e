/** Why this cannot be the path of a database file; undefined if it can. */
export function filePathProblem(file: string): string | undefined {
  if (file === '') return 'expected the path of a database file';
  if (file === ':memory:' || file.startsWith('file:')) return `expected a path of a file on disk, got "${file}"`;
  if (file.includes('\0')) return 'a path cannot hold a NUL character';
  // better-sqlite3 would open another file, without the white space in its name.
  return file === file.trim() ? undefined : `"${file}" begins or ends with white space; rename the file`;
}
