/** Work that only needs a processor. */
export function sumOfSquares(upTo: number): number {
  let sum = 0;
  for (let i = 1; i <= upTo; i++) sum += i * i;
  return sum;
}

/** Long enough that start-up time does not matter. */
export const squares = 100_000_000;
