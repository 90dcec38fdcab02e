export type ProblemKind = 'missing' | 'twice' | 'altered' | 'invented' | 'books' | 'unfinished';

export interface Problem {
  kind: ProblemKind;
  /** How many items or rows it affects. */
  count: number;
  /** One sentence, with an example. */
  text: string;
}

/** Adds a problem if there are any `cases`. */
export function tell<T>(
  problems: Problem[],
  kind: ProblemKind,
  cases: readonly T[],
  text: (example: T) => string,
): void {
  const [example] = cases;
  if (example !== undefined) problems.push({ kind, count: cases.length, text: text(example) });
}
