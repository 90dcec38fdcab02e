import type { ColumnProblem, KnownColumns } from '../../core/known-columns.ts';
import { didYouMean } from '../../core/nearest.ts';
import { fold } from './identifier.ts';
import type { TableTarget } from './options.ts';

/**
 * Finds columns that `key` or `newest` need and that rows with these columns never have: each row would become a dead
 * letter.
 */
export function keyColumnProblems({ key, newest }: TableTarget, { types, isComplete }: KnownColumns): ColumnProblem[] {
  const names = [...types.keys()];
  const missing = (option: string, name: string): ColumnProblem[] => {
    const advice = didYouMean(name, names) || `; the columns are ${names.join(', ')}`;
    const problem = `"${name}" is not a column of the source, whose rows go to the sink as they are${advice}`;
    return isComplete ? [{ option, problem }] : [];
  };
  const find = (name: string): string | undefined => names.find((other) => fold(other) === fold(name));
  const inKey = key.flatMap((name) => {
    const found = find(name);
    if (found === undefined) return missing('key', name);
    if (types.get(found) !== 'boolean') return [];
    const problem = `"${name}" is true or false in the source, which cannot be a key; leave it as text there`;
    return [{ option: 'key', problem }];
  });
  return newest === undefined || find(newest) !== undefined ? inKey : [...inKey, ...missing('newest', newest)];
}
