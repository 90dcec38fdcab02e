/** Whether `text` has no lone surrogate. With one, it would change when encoded as UTF-8. */
export function isWellFormed(text: string): boolean {
  // In Node since 20, in TypeScript's library since ES2024.
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
