/** What is wrong with `name` as the name of a table or a column; undefined if it is valid. */
export function identifierProblem(name: unknown): string | undefined {
  if (typeof name !== 'string') return `expected text, got a ${name === null ? 'null' : typeof name}`;
  if (name === '') return 'expected a name, got an empty text';
  if (name.includes('\0')) return 'a name cannot hold a NUL character';
  if (/\p{Surrogate}/u.test(name)) return 'a name cannot hold half a surrogate pair';
  return undefined;
}

/** `name` as SQL: any text without NUL is a valid name between double quotes. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The same text for all names that are equal to SQLite, which ignores case only for A to Z. */
export function fold(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
