/** `npm run bench`: the built product beside the floor. What is measured, and how, is said in docs/performance.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exactlyOnce } from './cases/exactly-once.ts';
import { handOff } from './cases/hand-off.ts';
import { latency } from './cases/latency.ts';
import { limit } from './cases/limit.ts';
import { memory } from './cases/memory.ts';
import { start } from './cases/start.ts';
import { bundleFloor } from './floor/bundle.ts';
import { ratios, table, type Comparison } from './measure/comparison.ts';
import { spread } from './measure/spread.ts';
import { Stage } from './stage.ts';

const cases = { 'hand-off': handOff, 'exactly-once': exactlyOnce, start, latency, limit, memory };
type CaseName = keyof typeof cases;

const root = resolve(import.meta.dirname, '..');
const usage = `Usage: npm run bench -- [case…] [options]

  cases: ${Object.keys(cases).join(', ')}; all of them if none is named

  --rounds N     rounds of each comparison           [5]
  --scale X      number of items, times X            [1]
  --dist FOLDER  the built product                   [dist]
  --out FILE     where the result goes, as JSON      [bench/results/latest.json]
  --help`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      dist: { type: 'string', default: join(root, 'dist') },
      out: { type: 'string', default: join(root, 'bench/results/latest.json') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const names = positionals.length > 0 ? positionals : Object.keys(cases);
  const unknown = names.filter((name) => !(name in cases));
  if (unknown.length > 0)
    throw new Error(`expected cases of ${Object.keys(cases).join(', ')}, got ${unknown.join(', ')}`);
  const rounds = above0('rounds', values.rounds);
  const scale = above0('scale', values.scale);
  const dist = resolve(values.dist);
  if (!existsSync(join(dist, 'cli.js'))) throw new Error(`there is no ${join(dist, 'cli.js')}: npm run build makes it`);

  // Not in the system's temporary folder, which often is memory: a commit would cost nothing there.
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'bench-'));
  try {
    const floor = await bundleFloor(root, join(folder, 'floor'));
    const stage = new Stage({ rounds, scale, dist, floor, folder });
    const results: Comparison[] = [];
    for (const name of names) {
      console.error(`${name}…`);
      const comparisons = await cases[name as CaseName](stage);
      console.error(`${table(comparisons)}\n`);
      results.push(...comparisons);
    }
    console.log(table(results));
    save(resolve(values.out), results, { rounds, scale });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function above0(name: string, text: string): number {
  if (Number(text) > 0) return Number(text);
  throw new Error(`--${name}: expected a number above 0, got "${text}"`);
}

function save(file: string, results: readonly Comparison[], options: { rounds: number; scale: number }): void {
  const [cpu] = cpus();
  const result = {
    at: new Date().toISOString(),
    commit: commit(),
    machine: {
      cores: cpus().length,
      cpu: cpu?.model,
      system: `${process.platform} ${release()}`,
      node: process.version,
    },
    ...options,
    results: results.map((comparison) => {
      const rounds = ratios(comparison);
      return { ...comparison, ...(rounds.length > 0 && { ratio: spread(rounds) }) };
    }),
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
}

/** undefined outside of a checkout. */
function commit(): string | undefined {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `bench: ${error.message}` : error);
  process.exitCode = 1;
});
