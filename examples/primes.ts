/**
 * Work for the processor on all cores: counts the primes below ten million, a hundred thousand numbers at a time. The
 * results are JSON lines on standard output; progress and log go to standard error.
 *
 *     npx millrace run examples/primes.ts --again > primes.ndjson
 */
import { definePipeline, ndjson } from 'millrace';

const end = 10_000_000;
const step = 100_000;

export default definePipeline({
  name: 'primes',

  *source() {
    for (let from = 0; from < end; from += step) yield { from, to: from + step };
  },

  process({ from, to }) {
    let primes = 0;
    for (let n = from; n < to; n++) if (isPrime(n)) primes++;
    return { from, to, primes };
  },

  sink: ndjson(),

  // Work that never waits gains nothing from several items at a time in one process.
  options: { concurrency: 1 },
});

function isPrime(n: number): boolean {
  if (n < 4) return n > 1;
  if (n % 2 === 0) return false;
  for (let divisor = 3; divisor * divisor <= n; divisor += 2) if (n % divisor === 0) return false;
  return true;
}
