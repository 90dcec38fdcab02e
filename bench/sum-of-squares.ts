/** Work for a processor, and nothing else. */
export function sumOfSquares(upTo: number): number {
  let sum = 0;
  for (let i = 1; i <= upTo; i++) sum += i * i;
  return sum;
}

/** Long enough that starting something does not show. */
export const squares = 100_000_000;
