/** Runs one contender once; `round` counts from 0. */
export type Contender<Result> = (round: number) => Promise<Result>;

/**
 * Runs the contenders one after the other, in `count` rounds, each of which begins with a different contender. So other
 * work on the machine affects all of them equally.
 */
export async function alternate<Name extends string, Result>(
  count: number,
  contenders: Record<Name, Contender<Result>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let round = 0; round < count; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]!;
      results[name].push(await contenders[name](round));
    }
  }
  return results;
}
