/**
 * Work for the processor on all cores: counts the primes below ten million, a hundred thousand numbers at a time. The
 * results are JSON lines on standard output; progress and log go to standard error.
 *
 *     npx millrace run examples/primes.ts --again > primes.ndjson
 */
import { definePipeline, to } from 'millrace';

const end = 10_000_000;
const step = 100_000;

export default definePipeline({
  name: 'primes',

  *source() {
    for (let first = 0; first < end; first += step) yield { first, beyond: first + step };
  },

  process({ first, beyond }) {
    let primes = 0;
    for (let n = first; n < beyond; n++) if (isPrime(n)) primes++;
    return { first, beyond, primes };
  },

  sink: to.stdout(),

  // Work that never waits for anything gains nothing from several items at a time in one process.
  options: { concurrency: 1 },
});

function isPrime(n: number): boolean {
  if (n < 4) return n > 1;
  if (n % 2 === 0) return false;
  for (let divisor = 3; divisor * divisor <= n; divisor += 2) if (n % divisor === 0) return false;
  return true;
}
