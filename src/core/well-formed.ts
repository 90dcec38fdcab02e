/** Whether no half of a surrogate pair stands alone in `text`: as UTF-8 it would become another text. */
export function isWellFormed(text: string): boolean {
  // In Node since 20, in TypeScript's library since ES2024.
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
