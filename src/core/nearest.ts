/**
 * The name in `known` that `name` was most likely meant to be, or undefined if none is similar. Capitals, `-` and `_` do
 * not count, so that `queue-high` is similar to `queueHigh`.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = plainName(name);
  // One typo in a short name, two in a longer one. With more, any two names would be similar.
  let bestDistance = wanted.length <= 4 ? 1.5 : 2.5;
  let best: string | undefined;
  for (const candidate of known) {
    const distance = editDistance(wanted, plainName(candidate));
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

/** `; did you mean "…"?`, or nothing if no name in `known` is similar. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
}

/** The name without what does not count when names are compared: capitals, `-` and `_`. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

/**
 * The number of characters that must be inserted, deleted, replaced, or swapped with their neighbour to turn `a` into
 * `b` (optimal string alignment: no part is edited twice).
 */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      let distance = Math.min(previous[column]! + 1, current[column - 1]! + 1, replaced);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        distance = Math.min(distance, beforePrevious[column - 2]! + 1);
      }
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}
