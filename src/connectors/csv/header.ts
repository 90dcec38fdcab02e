import { show } from '../../core/show.ts';

/** Returns `names` if each can be a property of an item. Otherwise throws a TypeError. */
export function columnNames(names: readonly string[]): readonly string[] {
  if (names.length === 0) throw new TypeError('expected at least one column');
  const double = names.find((name, i) => names.indexOf(name) < i);
  if (double !== undefined) {
    throw new TypeError(
      `two columns are called ${show(double)}; rename one, because items could hold only one of them`,
    );
  }
  if (names.includes('__proto__')) throw new TypeError('a column cannot be called "__proto__"; rename it');
  return names;
}
