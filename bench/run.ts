/** `npm run bench`: compares the built product with the floor. docs/performance.md says what is measured, and how. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cpu } from './cases/cpu.ts';
import { depth } from './cases/depth.ts';
import { exactlyOnce } from './cases/exactly-once.ts';
import { handOff } from './cases/hand-off.ts';
import { io } from './cases/io.ts';
import { latency } from './cases/latency.ts';
import { limit } from './cases/limit.ts';
import { load } from './cases/load.ts';
import { peers } from './cases/peers.ts';
import { recovery } from './cases/recovery.ts';
import { rows } from './cases/rows.ts';
import { start } from './cases/start.ts';
import type { BenchCase } from './cases/throughput.ts';
import { bundleFloor } from './floor/bundle.ts';
import { table, type Comparison } from './measure/comparison.ts';
import { surroundings } from './report/surroundings.ts';
import { saveResult } from './report/results.ts';
import { writeFigures } from './report/write.ts';
import { Stage } from './stage.ts';

const usual = {
  'hand-off': handOff,
  'exactly-once': exactlyOnce,
  rows,
  latency,
  limit,
  cpu,
  io,
  start,
  recovery,
  depth,
} satisfies Record<string, BenchCase>;
const onRequest = { load, peers } satisfies Record<string, BenchCase>;
const cases: Record<string, BenchCase> = { ...usual, ...onRequest };

const root = resolve(import.meta.dirname, '..');
const fewestRounds = 5;
const usage = `Usage: npm run bench -- [options]

  --only CASES      some of: ${Object.keys(cases).join(', ')};
                    separated by commas                [all but load and peers]
  --long            also load, which takes ten minutes
  --peers           also peers; once before: npm ci --prefix bench
  --rounds N        rounds of each comparison          [${fewestRounds}]
  --scale X         multiplies the number of items     [1]
  --dist DIRECTORY  the built product                  [dist]
  --out DIRECTORY   where to write results, as JSON    [bench/results for a complete measurement: no --scale, at least ${fewestRounds} rounds]
  --write           measure nothing: write bench/results into docs/performance.md
  --help`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      long: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      rounds: { type: 'string', default: String(fewestRounds) },
      scale: { type: 'string', default: '1' },
      dist: { type: 'string', default: join(root, 'dist') },
      out: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  if (values.write) return writeFigures(root);
  const names = chosen(values);
  const rounds = above0('rounds', values.rounds);
  const scale = above0('scale', values.scale);
  const dist = resolve(values.dist);
  if (!existsSync(join(dist, 'cli.js'))) throw new Error(`there is no ${join(dist, 'cli.js')}: npm run build makes it`);
  // A quick look must not replace a measurement.
  const isWhole = rounds >= fewestRounds && scale === 1;
  const out = values.out ?? (isWhole ? join(root, 'bench/results') : undefined);

  // Not in the system's temporary directory, which is often in memory, where a commit would cost nothing.
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'bench-'));
  // A database server that does not run as root keeps its files in it.
  chmodSync(directory, 0o711);
  try {
    const floor = await bundleFloor(root, join(directory, 'floor'));
    const stage = new Stage({ rounds, scale, dist, floor, directory });
    const results: Comparison[] = [];
    for (const name of names) {
      console.error(`${name}…`);
      const comparisons = await cases[name]!(stage);
      if (names.length > 1) console.error(`${table(comparisons)}\n`);
      results.push(...comparisons);
      if (out) saveResult(out, { case: name, ...surroundings(root), rounds, scale, comparisons });
    }
    console.log(table(results));
    console.error(
      out ? `Results are in ${out}.` : 'The results of a quick look are not saved; use --out DIRECTORY to save them.',
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function chosen({
  only,
  long,
  peers: withPeers,
}: {
  only?: string | undefined;
  long: boolean;
  peers: boolean;
}): string[] {
  const names = only?.split(',') ?? Object.keys(usual);
  const unknown = names.filter((name) => !(name in cases));
  if (unknown.length > 0)
    throw new Error(`--only: expected some of ${Object.keys(cases).join(',')}, got ${unknown.join(',')}`);
  return [...new Set([...names, ...(long ? ['load'] : []), ...(withPeers ? ['peers'] : [])])];
}

function above0(name: string, text: string): number {
  if (Number(text) > 0) return Number(text);
  throw new Error(`--${name}: expected a number above 0, got "${text}"`);
}

// So that the processes that must end with this one do end.
process.once('SIGTERM', () => process.exit(128 + 15));
main().catch((error: unknown) => {
  console.error(error instanceof Error ? `bench: ${error.message}` : error);
  process.exitCode = 1;
});
